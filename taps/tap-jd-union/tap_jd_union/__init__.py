"""Singer tap for 京东联盟 (JD Union)."""
