"""`python -m pake_tui` is `pake-tui`."""

import sys

from pake_tui.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
