"""Singer tap for 快手小店 (Kuaishou Shop)."""
