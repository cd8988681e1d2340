"""The connection that ships and reads logs: neither the user's credentials, nor for the user.

Clients of clouds fall back on variables and files, which tasks have for purposes of their own. Here
they see nothing but the connection, and, where it names no credentials, the identity that the
machine or the pod has.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import Dict, Iterator, MutableMapping, Optional

OURS = "astro_"
"""Connections whose id begins so are the platform's: no task has a use for them."""

_USERS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "BOTO_CONFIG",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_PASSWORD",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_TENANT_ID",
    "AZURE_USERNAME",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_PROJECT",
)

_INSTEAD = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "BOTO_CONFIG": os.devnull,
    "CLOUDSDK_CONFIG": os.devnull,
}
"""In place of what lies in the home folder."""

# The environment is the process': two clients are not made at once.
_lock = threading.Lock()


def variable(conn_id: str) -> str:
    """The variable that holds a connection."""
    return f"AIRFLOW_CONN_{conn_id.upper()}"


@contextmanager
def connected(conn_id: str, default: str) -> Iterator[str]:
    """For the block, in which a client is made, hide what is the user's.

    Args:
        conn_id: The connection's id where the operator has chosen none.
        default: URI of the connection of that id where nobody has made it; may be empty.

    Yields:
        The id to use.

    Raises:
        AirflowNotFoundException: There is no such connection.
    """
    from airflow.configuration import conf
    from airflow.exceptions import AirflowNotFoundException
    from airflow.hooks.base import BaseHook

    chosen = str(conf.get("logging", "remote_log_conn_id", fallback="") or "")
    found = chosen or conn_id
    extra: Dict[str, str] = dict(_INSTEAD)
    try:
        BaseHook.get_connection(found)
    except AirflowNotFoundException:
        if chosen or not default:
            raise AirflowNotFoundException(
                f"there is no connection '{found}' to ship logs by; set {variable(found)}"
            ) from None
        extra[variable(found)] = default
    with _lock, _changed(os.environ, extra):
        yield found


def withhold(environ: MutableMapping[str, str]) -> None:
    """Take the platform's connections from the environment that a task's children inherit.

    So no task prints or uses one by accident. They are not protected by it: a task's processes are
    those of the worker's user, and can read the worker's environment as long as the worker lives.
    """
    start = variable(OURS)
    for name in [name for name in environ if name.upper().startswith(start)]:
        del environ[name]


@contextmanager
def _changed(environ: MutableMapping[str, str], extra: Dict[str, str]) -> Iterator[None]:
    names = {*_USERS, *extra}
    before: Dict[str, Optional[str]] = {name: environ.get(name) for name in names}
    for name in names:
        environ.pop(name, None)
    environ.update(extra)
    try:
        yield
    finally:
        for name, value in before.items():
            environ.pop(name, None)
            if value is not None:
                environ[name] = value
