"""Singer tap for 飞书 (Feishu, Lark)."""
