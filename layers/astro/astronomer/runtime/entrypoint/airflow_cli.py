"""What the entrypoint knows of Airflow's command line, from Airflow 2.2.4 to 2.3.4, and 3.3.

An Airflow command is written as a tuple of its words without options: `("scheduler",)`,
`("celery", "worker")`. Source: `airflow_commands` in airflow/cli/cli_parser.py.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Words = tuple[str, ...]

GROUPS = frozenset(
    {
        "assets",
        "backfill",
        "celery",
        "config",
        "connections",
        "dags",
        "db",
        "jobs",
        "kubernetes",
        "pools",
        "providers",
        "roles",
        "tasks",
        "users",
        "variables",
    }
)
"""Commands that only hold other commands."""

ACTIONS = frozenset(
    {
        "api-server",
        "cheat-sheet",
        "dag-processor",
        "info",
        "kerberos",
        "plugins",
        "rotate-fernet-key",
        "scheduler",
        "standalone",
        "sync-perm",
        "triggerer",
        "version",
        "webserver",
    }
)
"""Commands that do something by themselves."""

CELERY_ACTIONS = frozenset({"worker", "flower", "stop"})
"""What Airflow's group `celery` holds; any other word after `celery` is meant for Celery's own."""

RUNNER = ("runner",)
"""What stands for `astronomer-runtime runner`, our own component, among Airflow's commands."""

_WITHOUT_DATABASE = {
    ("celery", "flower"),
    ("celery", "stop"),
    ("cheat-sheet",),
    ("config",),
    ("info",),
    ("plugins",),
    ("providers",),
    ("version",),
}

_WITH_BROKER = {("scheduler",), ("celery", "worker"), ("celery", "flower")}

COMPONENTS = (
    ("api-server",),
    ("celery", "worker"),
    ("dag-processor",),
    ("kerberos",),
    RUNNER,
    ("scheduler",),
    ("standalone",),
    ("triggerer",),
    ("webserver",),
)
"""Commands that run for as long as a deployment does; our own is among them."""

# A person who looks at a newer database, or empties it, knows what is there.
_DB_ACTIONS_FOR_ANY_REVISION = {"check", "reset", "shell"}


def words_of(arguments: Sequence[str]) -> Words:
    """The words of the Airflow command that `airflow ARGUMENTS` runs.

    Empty when it runs none: a request for help, or a name that Airflow does not know. A shell
    expansion such as `$1` counts as a word, since only the shell knows what it stands for.
    """
    if "-h" in arguments or "--help" in arguments:
        return ()
    words: list[str] = []
    for argument in arguments[:2]:
        if argument.startswith("-"):
            break
        words.append(argument)
    if not words or not (words[0].startswith("$") or words[0] in GROUPS | ACTIONS):
        return ()
    # A group alone prints its help.
    return () if words[0] in GROUPS and len(words) == 1 else tuple(words)


def needs_database(command: Words) -> bool:
    """Whether the command fails where the metadata database does not answer."""
    return not _is_one_of(command, _WITHOUT_DATABASE)


def needs_broker(command: Words) -> bool:
    """Whether the command, with a Celery executor, fails where the broker does not answer."""
    return _is_one_of(command, _WITH_BROKER)


def needs_known_revision(command: Words) -> bool:
    """Whether the command could harm a database that a newer Airflow has migrated."""
    if command[0] == "db":
        return _DB_ACTIONS_FOR_ANY_REVISION.isdisjoint(command[1:])
    return _is_one_of(command, COMPONENTS)


def component_of(command: Words) -> str:
    """The component that the command starts, such as `celery worker`; empty for any other."""
    found = (each for each in COMPONENTS if command[: len(each)] == each)
    return " ".join(next(found, ()))


def _is_one_of(command: Words, commands: Iterable[Words]) -> bool:
    return any(command[: len(each)] == each for each in commands)
