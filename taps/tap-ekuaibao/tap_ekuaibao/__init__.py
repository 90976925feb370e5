"""Singer tap for 易快报 / 合思 (Ekuaibao)."""
