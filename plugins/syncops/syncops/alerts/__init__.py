"""Alerts: rules over what runs, states, reconciliations and the quarantine say, and who is told."""
