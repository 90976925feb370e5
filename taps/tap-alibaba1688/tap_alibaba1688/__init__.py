"""Singer tap for 1688 (Alibaba)."""
