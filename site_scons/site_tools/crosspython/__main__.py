"""`python -m crosspython`."""

import sys

from crosspython.command.main import main

if __name__ == "__main__":
    sys.exit(main())
