from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import List

import pytest
from astronomer.runtime.entrypoint.conftest import Entrypoint, port_of

POD = {"AIRFLOW_IS_K8S_EXECUTOR_POD": "True"}
URL = "ASTRONOMER_RUNTIME_PROXY_QUIT_URL"
TASK = [
    "airflow",
    "tasks",
    "run",
    "dag",
    "task",
    "run_1",
    "--local",
    "--subdir",
    "DAGS_FOLDER/x.py",
]
TASK_3 = [
    "python",
    "-m",
    "airflow.sdk.execution_time.execute_workload",
    "--json-path",
    "/tmp/execute/input.json",
]


class Agent:
    """What stands for Istio's agent: it notes what it is asked, and answers as it is told to."""

    def __init__(self, *answers: int) -> None:
        self.asked: List[str] = []
        remaining = list(answers)
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked.append(f"POST {self.path}")
                self.send_response(remaining.pop(0) if len(remaining) > 1 else remaining[0])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def environ(self) -> "dict[str, str]":
        return {**POD, URL: f"http://127.0.0.1:{self.server.server_port}/quitquitquit"}

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def agent() -> Iterator[Callable[..., Agent]]:
    agents = []

    def make(*answers: int) -> Agent:
        agents.append(Agent(*(answers or (200,))))
        return agents[-1]

    yield make
    for each in agents:
        each.close()


@pytest.mark.parametrize("argv", [TASK, TASK[1:], TASK_3], ids=["2", "2, bare", "3"])
@pytest.mark.parametrize("code", [0, 3])
def test_the_proxy_ends_after_the_task_whose_exit_code_stays(
    entrypoint: Entrypoint, agent: Callable[..., Agent], argv: "list[str]", code: int
) -> None:
    proxy = agent()
    script = f"#!/bin/sh\nsleep 0.3; exit {code}\n"
    for program in ("airflow", "python", "tasks"):
        entrypoint.install(program, script)

    result = entrypoint.run(*argv, **proxy.environ)

    assert (result.returncode, result.stderr) == (code, "")
    assert proxy.asked == ["POST /quitquitquit"]


def test_a_task_that_is_told_to_end_ends_by_itself_and_the_proxy_after_it(
    entrypoint: Entrypoint, agent: Callable[..., Agent]
) -> None:
    proxy = agent()
    entrypoint.install(
        "airflow",
        "#!/bin/bash\ntrap 'sleep 1; exit 4' TERM\necho ready\nwhile :; do sleep 0.1; done\n",
    )
    process = entrypoint.start(*TASK, **proxy.environ)
    assert process.stdout and process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert proxy.asked == []

    assert process.wait(timeout=30) == 4
    process.communicate()
    assert proxy.asked == ["POST /quitquitquit"]


def test_the_proxy_ends_after_a_task_that_was_killed(
    entrypoint: Entrypoint, agent: Callable[..., Agent]
) -> None:
    proxy = agent()
    entrypoint.install("airflow", "#!/bin/sh\nkill -KILL $$\n")

    assert entrypoint.run(*TASK, **proxy.environ).returncode == 137
    assert proxy.asked == ["POST /quitquitquit"]


def test_the_proxy_ends_after_a_start_that_is_refused(
    entrypoint: Entrypoint, agent: Callable[..., Agent], free_port: int
) -> None:
    proxy = agent()
    database = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql://u:p@127.0.0.1:{free_port}/db",
        "ASTRONOMER_RUNTIME_WAIT_TIMEOUT": "0.1",
    }

    assert entrypoint.run(*TASK, **database, **proxy.environ).returncode == 75
    assert proxy.asked == ["POST /quitquitquit"]


def test_without_a_proxy_the_pod_ends_at_once_and_says_nothing(
    entrypoint: Entrypoint, free_port: int
) -> None:
    result = entrypoint.run(*TASK, **POD, **{URL: f"http://127.0.0.1:{free_port}/quitquitquit"})

    assert (result.returncode, result.stderr) == (0, "")


def test_a_proxy_that_is_not_ready_to_end_is_asked_again(
    entrypoint: Entrypoint, agent: Callable[..., Agent]
) -> None:
    proxy = agent(503, 503, 200)

    assert entrypoint.run(*TASK, **proxy.environ).stderr == ""
    assert len(proxy.asked) == 3


def test_a_proxy_that_refuses_is_given_up_with_a_line(
    entrypoint: Entrypoint, agent: Callable[..., Agent]
) -> None:
    proxy = agent(403)
    entrypoint.install("airflow", "#!/bin/sh\nexit 3\n")

    result = entrypoint.run(*TASK, **proxy.environ)

    assert result.returncode == 3
    assert "was not ended: the answer is 403. The pod may go on." in result.stderr


def test_a_proxy_that_never_answers_is_given_up_with_a_line(
    entrypoint: Entrypoint, listener: socket.socket
) -> None:
    silent = {**POD, URL: f"http://127.0.0.1:{port_of(listener)}/quitquitquit"}
    entrypoint.install("airflow", "#!/bin/sh\nexit 3\n")

    result = entrypoint.run(*TASK, **silent)

    assert result.returncode == 3
    assert "was not ended: no answer." in result.stderr


@pytest.mark.parametrize(
    "argv, environ",
    [
        (TASK, {"AIRFLOW_IS_K8S_EXECUTOR_POD": ""}),
        (TASK, {URL: ""}),
        (["airflow", "dags", "list"], {}),
        (["airflow", "tasks", "list", "dag"], {}),
    ],
    ids=["no pod", "switched off", "no task", "no run of a task"],
)
def test_nothing_else_ends_a_proxy(
    entrypoint: Entrypoint,
    agent: Callable[..., Agent],
    argv: "list[str]",
    environ: "dict[str, str]",
) -> None:
    proxy = agent()

    assert entrypoint.run(*argv, **{**proxy.environ, **environ}).returncode == 0
    assert proxy.asked == []


@pytest.mark.parametrize("address", ["15020", "https://127.0.0.1/quit", "http://127.0.0.1:x/"])
def test_an_address_that_is_none_is_named_before_the_task_runs(
    entrypoint: Entrypoint, address: str
) -> None:
    result = entrypoint.run(*TASK, **POD, **{URL: address})

    assert (result.returncode, result.stdout) == (78, "")
    assert result.stderr.startswith(f"astronomer-runtime: {URL} is '{address}'; set it to ")
