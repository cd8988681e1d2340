"""Why a start is refused: by the entrypoint, or by a component that was started without it."""

from __future__ import annotations


class StartError(Exception):
    """A start that is refused; the text is the one sentence that the user reads."""

    exit_code = 1


class ConfigurationError(StartError):
    """The configuration or the database is wrong, and trying again would not help.

    78 is EX_CONFIG of sysexits.h.
    """

    exit_code = 78


class NotReadyError(StartError):
    """Something that the command needs did not answer in time; a restart may succeed.

    75 is EX_TEMPFAIL of sysexits.h.
    """

    exit_code = 75


class NotFoundError(StartError):
    """There is no such program; 127 as a shell has it."""

    exit_code = 127


class NotExecutableError(StartError):
    """The program exists and cannot be run; 126 as a shell has it."""

    exit_code = 126
