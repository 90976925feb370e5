"""Operation of Meltano syncs from the command line. Import from its modules."""
