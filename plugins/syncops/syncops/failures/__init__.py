"""Records that could not be fetched and are owed: look at them, make them due, drop them."""
