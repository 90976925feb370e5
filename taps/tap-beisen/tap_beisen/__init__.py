"""Singer tap for 北森 (Beisen iTalent)."""
