"""The command group `syncops quarantine`: the operator's view of the records a loader set aside."""
