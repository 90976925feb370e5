"""Singer tap for 金蝶 (Kingdee) 云·星空, 苍穹 and 星瀚."""
