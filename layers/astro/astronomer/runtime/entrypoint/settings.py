"""What the environment says, under the names that Airflow gives its options."""

from __future__ import annotations

import os

from astronomer.runtime.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

NEW_CONNECTION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
"""The metadata database, as Airflow 2.3.0 and later name it."""

OLD_CONNECTION = "AIRFLOW__CORE__SQL_ALCHEMY_CONN"
"""The metadata database, as Airflow before 2.3.0 names it."""

CONNECT_ARGUMENTS = (
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS",
    "AIRFLOW__CORE__SQL_ALCHEMY_CONNECT_ARGS",
)
"""Arguments that only Airflow can give to the database's driver: a path of a Python object."""

BROKER = "AIRFLOW__CELERY__BROKER_URL"
EXECUTOR = "AIRFLOW__CORE__EXECUTOR"
WAIT_TIMEOUT = "ASTRONOMER_RUNTIME_WAIT_TIMEOUT"

STOP_TIMEOUT = "ASTRONOMER_RUNTIME_STOP_TIMEOUT"

RUNTIME_EXECUTOR = "ASTRONOMER_RUNTIME_EXECUTOR"
"""Whether all tasks go by way of the Runtime executor."""

TASK_POD = "AIRFLOW_IS_K8S_EXECUTOR_POD"
"""Airflow's Kubernetes executors set it in the container of a pod that runs the pod's task."""

DEFAULT_WAIT_TIMEOUT = 120.0
"""Seconds."""

DEFAULT_STOP_TIMEOUT = 6.0
"""Seconds: `docker stop` kills after ten, and on a busy machine a killed process needs some."""

_COMMAND, _SECRET = "_CMD", "_SECRET"


class Setting:
    """A value, and the variable that gave it."""

    def __init__(self, variable: str, value: str) -> None:
        self.variable = variable
        self.value = value


def share_connection(environ: MutableMapping[str, str]) -> str:
    """Give the database's connection both names, so that every Airflow sees the same one.

    The newer name wins when both are set, in whatever form (`_CMD` and `_SECRET` are forms of an
    option in Airflow). An empty value counts as unset: that is how compose files pass on what the
    host does not have. Returns the name that the connection came from.
    """
    forms = ("", _COMMAND, _SECRET)
    is_new = any(environ.get(NEW_CONNECTION + form) for form in forms)
    source, other = (NEW_CONNECTION, OLD_CONNECTION) if is_new else (OLD_CONNECTION, NEW_CONNECTION)
    values = {form: environ[source + form] for form in forms if environ.get(source + form)}
    if values:
        for form in forms:
            environ.pop(other + form, None)
        environ.update({other + form: value for form, value in values.items()})
    return source


def read(environ: Mapping[str, str], variable: str) -> Setting | None:
    """Read an option that may be a secret, as Airflow does: from VARIABLE, or from the output of
    the command in VARIABLE_CMD.

    None when neither is set. A VARIABLE_SECRET names a place that only Airflow can read, so it is
    None as well. Raises ConfigurationError when the command fails.
    """
    value = environ.get(variable)
    if value:
        return Setting(variable, expand(value))
    command = environ.get(variable + _COMMAND)
    if command:
        return Setting(variable + _COMMAND, output_of(command, variable + _COMMAND))
    return None


def uses_celery(environ: Mapping[str, str]) -> bool:
    """Whether tasks go through Celery: its executor, the one with Kubernetes, or a class of one's
    own with Celery in its path."""
    return "celery" in environ.get(EXECUTOR, "").lower()


def wait_timeout(environ: Mapping[str, str]) -> float:
    """How long to wait for each service, in seconds; 0 means not at all.

    Raises ConfigurationError when the variable holds something else than a number of seconds.
    """
    return _seconds(environ, WAIT_TIMEOUT, DEFAULT_WAIT_TIMEOUT, "to not wait")


def stop_timeout(environ: Mapping[str, str]) -> float:
    """How long a component may take to end, in seconds; 0 means as long as it takes.

    Raises ConfigurationError when the variable holds something else than a number of seconds.
    """
    return _seconds(environ, STOP_TIMEOUT, DEFAULT_STOP_TIMEOUT, "for no bound")


def _seconds(environ: Mapping[str, str], variable: str, default: float, zero: str) -> float:
    value = environ.get(variable)
    if not value:
        return default
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ConfigurationError(
            f"{variable} is '{value}'; set it to a number of seconds, or to 0 {zero}."
        )
    return seconds


def expand(value: str) -> str:
    """Replace variables and `~`, as Airflow does in every option."""
    while True:
        expanded = os.path.expanduser(os.path.expandvars(value))
        if expanded == value:
            return value
        value = expanded


def output_of(command: str, variable: str) -> str:
    """What a command prints.

    `variable` says where the command stands. Raises ConfigurationError when it fails.
    """
    # Imported where it is needed: most starts run no command.
    import shlex
    import subprocess

    try:
        return subprocess.run(
            shlex.split(command), stdout=subprocess.PIPE, check=True, text=True
        ).stdout.strip()
    except subprocess.CalledProcessError as error:
        failure = f"failed with exit code {error.returncode}"
    except (OSError, ValueError):
        failure = "cannot be run"
    raise ConfigurationError(
        f"the command in {variable} {failure}; set it to a command that prints the value."
    )
