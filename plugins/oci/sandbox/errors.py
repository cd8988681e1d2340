"""The one error family of the code that runs inside build sandboxes."""

from __future__ import annotations

import errno
import sys
from typing import Callable

from oci.format.errors import FormatError


class SandboxError(Exception):
    """A build step cannot go on. The message is one sentence: what is wrong, where, the fix."""


FULL_DISK = (
    "The disk is full. Free space in the folder for temporary files, or set "
    "`[GLOBAL].local_execution_root_dir` to one with more."
)


def run(main: Callable[[], None]) -> None:
    """Run `main`; an error of ours or a full disk is one line on stderr, and an exit with 1."""
    try:
        main()
    except (FormatError, SandboxError) as error:
        sys.exit(str(error))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            sys.exit(FULL_DISK)
        where = f" ({error.filename})" if error.filename else ""
        sys.exit(f"The build step failed: {error.strerror or error}{where}.")
