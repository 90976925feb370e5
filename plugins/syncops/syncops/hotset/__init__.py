"""The hot set of a tap: important ids, chosen by SQL on the warehouse."""
