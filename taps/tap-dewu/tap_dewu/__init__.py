"""Singer tap for 得物 (Dewu, POIZON)."""
