"""Singer tap for 快手本地生活 (Kuaishou Local Life)."""
