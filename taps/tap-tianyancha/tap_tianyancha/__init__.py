"""Singer tap for 天眼查 (Tianyancha)."""
