"""Messages of processes: as their cache keys hold them, and as a person reads them."""

from __future__ import annotations

from oci.sandbox.errors import FULL_DISK
from pants.engine.process import FallibleProcessResult
from pants.util.docutil import bin_name

_LAUNCHER = "{pants}"


def in_key(command: str) -> str:
    """A command to type, without the launcher's name, which differs between machines."""
    return command.replace(f"{bin_name()} ", f"{_LAUNCHER} ", 1)


def message(description: str, result: FallibleProcessResult) -> str:
    """Why a process failed: what it wrote, with the launcher's name where `in_key` took it out.

    A disk can be full wherever a program writes, and each has its own words for it.
    """
    text = result.stderr.decode(errors="replace").strip()
    if "No space left on device" in text:
        return FULL_DISK
    if not text and result.exit_code < 0:
        return (
            f"{description}: the process was killed by signal {-result.exit_code}, by a person or "
            "because the machine has too little memory. Run the command again."
        )
    if not text:
        return f"{description}: the process ended with status {result.exit_code} and no message."
    return text.replace(_LAUNCHER, bin_name())
