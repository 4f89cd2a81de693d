"""What the process says when it ends."""

from typing import Final

OK: Final = 0
FAILURE: Final = 1
"""Something went wrong while running."""
USAGE: Final = 2
"""The command line itself is wrong; click's own code."""
BAD_CONFIGURATION: Final = 78
"""EX_CONFIG of sysexits.h: mending the configuration is what helps, starting again is not."""
TRY_AGAIN: Final = 75
"""EX_TEMPFAIL of sysexits.h: the same command may work in a while."""
