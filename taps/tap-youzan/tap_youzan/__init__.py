"""Singer tap for 有赞 (Youzan)."""
