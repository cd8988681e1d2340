"""The one error family of the code that runs inside build sandboxes."""

from __future__ import annotations

import errno
import sys
from typing import Callable


class SandboxError(Exception):
    """A build step cannot go on. The message is one sentence: what is wrong, where, the fix."""


FULL_DISK = (
    "The disk is full. Free space in the folder for temporary files, or set "
    "`[GLOBAL].local_execution_root_dir` to one with more."
)


def run(main: Callable[[], None]) -> None:
    """Run `main`; report a `SandboxError` or a full disk as one line on stderr, and exit with 1."""
    try:
        main()
    except SandboxError as error:
        sys.exit(str(error))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            sys.exit(FULL_DISK)
        where = f" ({error.filename})" if error.filename else ""
        sys.exit(f"The build step failed: {error.strerror or error}{where}.")
