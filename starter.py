"""Duecourse's command line: `python starter.py --help`.

Composition only: the commands are in `surfaces.cli`.
"""

import sys

from surfaces.cli import main
from surfaces.output import leave

if __name__ == "__main__":
    leave(main(sys.argv[1:]))
