"""What becomes of processes that tests start."""

from __future__ import annotations

import ctypes
import signal

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """As `preexec_fn`: have the new process killed when the thread that starts it ends.

    Tests that are killed, as by their time limit, end nothing themselves. Source: prctl(2).
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
