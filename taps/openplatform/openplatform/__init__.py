"""The shared library of the open-platform taps. Import from its modules; this package holds no names."""
