"""Ends the proxy of a service mesh when the task of a KubernetesExecutor's pod has ended.

Such a pod is done when all its containers are. Istio's proxy beside the task would run for ever;
its agent ends, and the proxy with it, when it is asked to over the pod's loopback interface.
Source: Istio, pilot/cmd/pilot-agent/status/server.go, `/quitquitquit`.
"""

from __future__ import annotations

import time

from astronomer.runtime.entrypoint.settings import TASK_POD
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.messages import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from astronomer.runtime.entrypoint.command import Command

PROXY = "ASTRONOMER_RUNTIME_PROXY_QUIT_URL"
"""What to ask, by POST; empty for nothing."""

_DEFAULT = "http://127.0.0.1:15020/quitquitquit"

_WORKLOAD = "airflow.sdk.execution_time.execute_workload"
"""What runs a task on Airflow 3."""

_SECONDS = 6.0
_TRY_SECONDS = 2.0
_PAUSE_SECONDS = 0.5


def runs_task(command: Command, environ: Mapping[str, str]) -> bool:
    """Whether the command is the one task for which a pod was made."""
    is_task = any(words[:2] == ("tasks", "run") for words in command.airflow)
    return bool(environ.get(TASK_POD)) and (is_task or _WORKLOAD in command.argv)


def end_proxy(command: Command, environ: Mapping[str, str]) -> None:
    """Where the command was a pod's task, ask the pod's proxy to end."""
    if runs_task(command, environ):
        try:
            proxy = proxy_of(environ)
        except ConfigurationError:
            # It was said before, instead of running the task.
            return
        if proxy:
            _quit(*proxy)


def proxy_of(environ: Mapping[str, str]) -> tuple[str, int, str] | None:
    """Host, port and path of what ends the proxy; None where nothing is to be asked.

    Raises ConfigurationError where the variable holds no HTTP address.
    """
    from urllib.parse import urlsplit

    value = environ.get(PROXY, _DEFAULT)
    if not value:
        return None
    try:
        url = urlsplit(value)
        host, port = url.hostname, url.port or 80
    except ValueError:
        host, port = None, 0
    if not host or url.scheme != "http":
        raise ConfigurationError(
            f"{PROXY} is '{value}'; set it to an address such as {_DEFAULT}, or to nothing."
        )
    return host, port, url.path or "/"


def _quit(host: str, port: int, path: str) -> None:
    """Ask until the answer is good, within a bound; where nobody listens, there is no proxy."""
    from astronomer.runtime.entrypoint.waiting import within

    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            answer = within(_TRY_SECONDS, lambda: _post(host, port, path))
            if 200 <= answer < 300:
                return
            reason = f"the answer is {answer}"
        except ConnectionRefusedError:
            return
        except TimeoutError:
            reason = "no answer"
        except Exception as error:
            reason = type(error).__name__
        if time.monotonic() + _PAUSE_SECONDS >= deadline:
            say(f"the pod's proxy at {host}:{port} was not ended: {reason}. The pod may go on.")
            return
        time.sleep(_PAUSE_SECONDS)


def _post(host: str, port: int, path: str) -> int:
    from http.client import HTTPConnection

    connection = HTTPConnection(host, port, timeout=_TRY_SECONDS)
    try:
        connection.request("POST", path)
        return connection.getresponse().status
    finally:
        connection.close()
