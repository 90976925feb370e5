"""Singer tap for 金蝶 (Kingdee) 云·星空, 苍穹, 星瀚 and 云·星辰."""
