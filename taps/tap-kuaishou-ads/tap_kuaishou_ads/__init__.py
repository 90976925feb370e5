"""Singer tap for 快手磁力引擎 (Kuaishou Ads)."""
