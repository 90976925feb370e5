"""`python -m eventgate`."""

from eventgate.cli import main

if __name__ == "__main__":
    main()
