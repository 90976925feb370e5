"""Singer tap for 快手开放平台 (Kuaishou Open)."""
