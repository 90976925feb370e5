"""Singer tap for 抖店 (Douyin Shop)."""
