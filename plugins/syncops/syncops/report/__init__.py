"""The report: one HTML page that shows what the syncs of a project did and what they owe."""
