"""The Airflow component that this container runs, as another process of it finds out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from astronomer.runtime.entrypoint.airflow_cli import component_of
from astronomer.runtime.entrypoint.command import understand
from astronomer.runtime.entrypoint.shell_script import SHELLS
from astronomer.runtime.process_table import children

# `airflow api_server -- host:0.0.0.0 port:8080`. Source: airflow/cli/commands/api_server_command.py
# of Airflow 3.
_API_SERVER_TITLE = re.compile(r"airflow api_server -- host:(\S*) port:(\d+)")

# `[celeryd: celery@host:MainProcess] -active- (celery worker --queues q)`. Source: Celery's
# `set_mp_process_title`, celery/platforms.py.
_CELERY_TITLE = re.compile(r"\[celeryd: .*\((.*)\)")

_CELERY_WORKER = re.compile(r"\[celeryd: (\S+):MainProcess\] (\S+)")

ENDING = "-ending-"
"""Stands in the title of a worker that finishes its tasks and takes no more, in place of Celery's
`-active-`."""

_ENTRYPOINTS = {"/entrypoint", "/usr/local/bin/astronomer-runtime-entrypoint"}


class Component(NamedTuple):
    """A component and its first process."""

    name: str
    """Words of its Airflow command, such as `celery worker`."""

    pid: int

    argv: Tuple[str, ...]
    """Words of its command with its options, as far as they can be known: a script that a shell
    runs does not show them."""


class CeleryWorker(NamedTuple):
    """A worker's main process, by the title that it gave itself."""

    pid: int

    node: str
    """Its name among its fellows: `celery@host`."""

    is_ending: bool
    """Whether it finishes its tasks and takes no more."""


def celery_worker(pid: Optional[int], proc: Path = Path("/proc")) -> Optional[CeleryWorker]:
    """The Celery worker that a process is or has started; None while there is none, or no title.

    Args:
        pid: The process; None for whatever worker there is.
        proc: Where the system tells of processes.
    """
    for folder in sorted(proc.glob("[0-9]*"), key=lambda each: int(each.name)):
        words = _command_line(proc, int(folder.name))
        title = _CELERY_WORKER.match(words[0]) if len(words) == 1 else None
        if title and (pid is None or pid in _ancestry(proc, int(folder.name))):
            return CeleryWorker(int(folder.name), title[1], title[2] == ENDING)
    return None


def running_component(proc: Path = Path("/proc")) -> Optional[Component]:
    """The component that the container was started for; None where it runs none.

    Tells by the command line of process 1, or of its child where process 1 is an init.
    """
    for pid, argv in _candidates(proc):
        for name in _components(argv):
            own = next(_processes(name, proc), None)
            if _program(argv) not in SHELLS:
                # A process may have given itself a title that leaves options out.
                return Component(name, own or pid, tuple(argv))
            return Component(name, own or pid, tuple(command_of(own, proc) if own else ()))
    return None


def process_of(component: str, proc: Path = Path("/proc")) -> Optional[int]:
    """The first process that is a component, among process 1 and its descendants."""
    return next(_processes(component, proc), None)


def command_of(pid: int, proc: Path = Path("/proc")) -> List[str]:
    """The words that a process was started with; empty where there is no such process.

    Some processes of Airflow's replace them by a title, whose words are the same; Celery's puts
    them in brackets, at the end of its own.
    """
    words = _command_line(proc, pid)
    if len(words) != 1:
        return words
    api_server = _API_SERVER_TITLE.fullmatch(words[0].strip())
    if api_server:
        return [
            "airflow",
            "api-server",
            "--host",
            api_server[1],
            "--port",
            api_server[2],
        ]
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


def _components(argv: Sequence[str]) -> Iterator[str]:
    commands = understand(argv, is_program=lambda name: False).airflow if argv else ()
    return filter(None, map(component_of, commands))


def _processes(component: str, proc: Path) -> Iterator[int]:
    """Those that became a component themselves, from process 1 downwards."""
    generation = [1]
    while generation:
        for pid in generation:
            argv = command_of(pid, proc)
            if argv and _program(argv) not in SHELLS and component in _components(argv):
                yield pid
        generation = [child for pid in generation for child in children(pid, proc)]


def _program(argv: Sequence[str]) -> str:
    return Path(argv[0]).name


def _candidates(proc: Path) -> Iterator[Tuple[int, List[str]]]:
    """Process 1 and its children, each with the command that it was given."""
    argv = _command_line(proc, 1)
    started = children(1, proc)
    command = _after_init(argv)
    if command is None:
        yield 1, command_of(1, proc)
    else:
        # The child has become the command, and may have renamed itself.
        yield _attended(proc, started[0]) if started else 1, command
    for child in started:
        yield child, command_of(child, proc)


def _attended(proc: Path, pid: int) -> int:
    """The command's process, where our entrypoint stays beside it as its parent."""
    if _after_init(_command_line(proc, pid)) is None:
        return pid
    return next(iter(children(pid, proc)), pid)


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


def _ancestry(proc: Path, pid: int) -> List[int]:
    """A process, its parent, and so on."""
    found = [pid]
    while found[-1] > 0:
        try:
            # After the name, which is in brackets and may hold anything.
            status = (proc / str(found[-1]) / "stat").read_text().rpartition(")")[2]
            found.append(int(status.split()[1]))
        except (OSError, ValueError, IndexError):
            break
    return found
