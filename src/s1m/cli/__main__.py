"""``python -m s1m.cli``."""

import sys

from s1m.cli.main import main

sys.exit(main())
