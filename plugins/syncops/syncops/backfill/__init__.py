"""The command `syncops backfill`: read a stretch of the past again, beside the live sync."""
