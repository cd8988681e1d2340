"""The entrypoint as a process: it ends at once when told to, and becomes the command."""

from __future__ import annotations

import os
import signal

from astronomer.runtime.errors import NotExecutableError, NotFoundError, StartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType
    from typing import NoReturn

_ENDING = (signal.SIGINT, signal.SIGTERM)

IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
"""Python ignores these for itself, and an ignored signal stays so after exec: `yes | head` in a
shell would complain."""


def end_on_signals() -> None:
    """From now on SIGTERM and SIGINT end the process at once, with 128 plus the signal's number.

    The system's own reaction would do for a child of an init, but not for process 1.
    """
    for number in _ENDING:
        signal.signal(number, _end)


def become(argv: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Replace this process by the program, with the signals as they are by default.

    Raises NotFoundError or NotExecutableError.
    """
    for number in _ENDING + IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], list(argv), environ)
    except (OSError, ValueError) as error:
        raise not_started(argv[0], error) from None


def not_started(program: str, error: Exception) -> StartError:
    """What to tell of a program that the system did not start."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return NotFoundError(
            f"'{program}' is neither a command of Airflow nor a program in this image."
        )
    reason = getattr(error, "strerror", None) or str(error)
    return NotExecutableError(f"'{program}' cannot be run: {reason}.")


def _end(number: int, frame: FrameType | None) -> None:
    # No unwinding: a thread may be blocked in a connection that nobody needs any more.
    os._exit(128 + number)
