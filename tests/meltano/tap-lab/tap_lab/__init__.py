"""Singer tap for the sandbox's invented platform."""
