"""Trials of a tap, the sandbox and the target together."""
