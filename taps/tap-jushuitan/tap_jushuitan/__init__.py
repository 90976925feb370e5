"""Singer tap for 聚水潭 (Jushuitan)."""
