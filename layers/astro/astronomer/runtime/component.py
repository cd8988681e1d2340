"""The Airflow component that this container runs, as another process of it finds out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from astronomer.runtime.entrypoint.airflow_cli import component_of
from astronomer.runtime.entrypoint.command import understand

# `[celeryd: celery@host:MainProcess] -active- (celery worker --queues q)`. Source: Celery's
# `set_mp_process_title`, celery/platforms.py.
_CELERY_TITLE = re.compile(r"\[celeryd: .*\((.*)\)")

_ENTRYPOINTS = {"/entrypoint", "/usr/local/bin/astronomer-runtime-entrypoint"}


class Component(NamedTuple):
    """A component and its first process."""

    name: str
    """Words of its Airflow command, such as `celery worker`."""

    pid: int


def running_component(proc: Path = Path("/proc")) -> Optional[Component]:
    """The component that the container was started for; None where it runs none.

    Tells by the command line of process 1, or of its child where process 1 is an init.
    """
    for pid, argv in _candidates(proc):
        for words in understand(argv, is_program=lambda name: False).airflow if argv else ():
            name = component_of(words)
            if name:
                return Component(name, pid)
    return None


def command_of(pid: int, proc: Path = Path("/proc")) -> List[str]:
    """The words that a process was started with; empty where there is no such process.

    Some processes of Airflow's replace them by a title, whose words are the same; Celery's puts
    them in brackets, at the end of its own.
    """
    words = _command_line(proc, pid)
    if len(words) != 1:
        return words
    bracketed = _CELERY_TITLE.fullmatch(words[0].strip())
    return (bracketed[1] if bracketed else words[0]).split()


def environment_of(pid: int, proc: Path = Path("/proc")) -> Dict[str, str]:
    """The variables that a process was started with.

    Raises:
        OSError: There is no such process, or it is another user's.
    """
    content = (proc / str(pid) / "environ").read_bytes().decode(errors="surrogateescape")
    pairs = (entry.partition("=") for entry in content.split("\0") if entry)
    return {name: value for name, _, value in pairs}


def _candidates(proc: Path) -> Iterator[Tuple[int, List[str]]]:
    """Process 1 and its children, each with the command that it was given."""
    argv = _command_line(proc, 1)
    children = _children(proc, 1)
    command = _after_init(argv)
    if command is None:
        yield 1, argv
    else:
        # The child has become the command, and may have renamed itself.
        yield _attended(proc, children[0]) if children else 1, command
    for child in children:
        yield child, _command_line(proc, child)


def _attended(proc: Path, pid: int) -> int:
    """The command's process, where our entrypoint stays beside it as its parent."""
    if _after_init(_command_line(proc, pid)) is None:
        return pid
    return next(iter(_children(proc, pid)), pid)


def _after_init(argv: List[str]) -> Optional[List[str]]:
    """What an init such as tini was told to start by way of our entrypoint."""
    for place, word in enumerate(argv):
        if word in _ENTRYPOINTS:
            return argv[place + 1 :]
    return None


def _command_line(proc: Path, pid: int) -> List[str]:
    try:
        words = (proc / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []
    words = [word for word in words if word]
    # A script runs as `python3 /usr/local/bin/airflow ...`.
    if len(words) > 1 and Path(words[0]).name.startswith("python") and words[1].startswith("/"):
        return words[1:]
    return words


def _children(proc: Path, pid: int) -> List[int]:
    try:
        return [int(word) for word in (proc / f"{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
