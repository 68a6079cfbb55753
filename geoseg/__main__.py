"""`python -m geoseg` is the command line."""

import sys

from geoseg.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
