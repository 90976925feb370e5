"""The platforms; a module here that sets `PLATFORM` is found by itself."""
