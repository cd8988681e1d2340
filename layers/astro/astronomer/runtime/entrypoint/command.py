"""What the container was asked to run."""

from __future__ import annotations

import os

from astronomer.runtime.entrypoint.airflow_cli import (
    ACTIONS,
    CELERY_ACTIONS,
    GROUPS,
    RUNNER,
    Words,
    words_of,
)
from astronomer.runtime.entrypoint.shell_script import (
    SHELLS,
    airflow_commands_in,
    prepares,
    script_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Command:
    """A command line, and what it means to Airflow.

    Args:
        argv: What to execute; the first is a program's name or path.
        airflow: The Airflow commands that it runs, each as its words, with our own runner as one of
            them; empty when it runs none.
        prepares: Whether something else runs before them.
    """

    def __init__(
        self, argv: tuple[str, ...], airflow: tuple[Words, ...], prepares: bool = False
    ) -> None:
        self.argv = argv
        self.airflow = airflow
        self.prepares = prepares


def understand(
    arguments: Sequence[str], is_program: Callable[[str], bool] | None = None
) -> Command:
    """Say what the container's arguments ask for.

    `airflow` may be left out before an Airflow command. Where a program on the PATH has the same
    name as an Airflow command, the program is meant, but not where the command is a group:
    coreutils' `users` would hide `airflow users`. Without arguments it is `airflow --help`.
    """
    argv = tuple(arguments) or ("airflow", "--help")
    if _leaves_airflow_out(argv, is_program or is_on_path):
        argv = ("airflow", *argv)
    script = script_of(argv[1:]) if os.path.basename(argv[0]) in SHELLS else None
    if script is not None:
        return Command(argv, airflow_commands_in(script), prepares(script))
    return Command(argv, _airflow_commands(argv))


def is_on_path(name: str) -> bool:
    """Whether the PATH has a program of that name."""
    candidates = (os.path.join(folder, name) for folder in os.get_exec_path())
    return any(os.path.isfile(path) and os.access(path, os.X_OK) for path in candidates)


def _leaves_airflow_out(argv: Sequence[str], is_program: Callable[[str], bool]) -> bool:
    name = argv[0]
    if name == "celery":
        return len(argv) > 1 and argv[1] in CELERY_ACTIONS
    return name in GROUPS or (name in ACTIONS and not is_program(name))


def _airflow_commands(argv: Sequence[str]) -> tuple[Words, ...]:
    program, arguments = os.path.basename(argv[0]), argv[1:]
    if program.startswith("python") and tuple(arguments[:2]) == ("-m", "airflow"):
        program, arguments = "airflow", arguments[2:]
    if program == "astronomer-runtime" and tuple(arguments[:1]) == RUNNER:
        return (RUNNER,)
    words = words_of(arguments) if program == "airflow" else ()
    return (words,) if words else ()
