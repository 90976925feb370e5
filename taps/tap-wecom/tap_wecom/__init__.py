"""Singer tap for 企业微信 (WeCom)."""
