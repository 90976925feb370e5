"""Singer tap for 拼多多 (Pinduoduo)."""
