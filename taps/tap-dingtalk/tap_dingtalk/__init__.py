"""Singer tap for 钉钉 (DingTalk)."""
