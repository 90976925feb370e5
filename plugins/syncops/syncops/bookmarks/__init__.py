"""The command group `syncops bookmarks`: pure plans in their own modules under a click layer."""
