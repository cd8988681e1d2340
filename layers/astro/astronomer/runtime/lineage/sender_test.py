from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
from astronomer.runtime.conftest import HttpServer
from astronomer.runtime.lineage import spool
from astronomer.runtime.lineage.conftest import senders
from astronomer.runtime.lineage.spool import Spool


@pytest.fixture
def sink(http_server: HttpServer) -> HttpServer:
    """A server that takes lineage events while its status is 201."""
    http_server.status = 201
    return http_server


def taken(sink: HttpServer) -> List[Any]:
    """The events that a sink has taken, in their order."""
    return [json.loads(asked.body) for asked in sink.asked if asked.answered == 201]


def deliver(folder: Path, url: str, *events: str, **environ: str) -> float:
    """Deliver events in a process of their own, as a task does; returns the seconds it took."""
    code = (
        "import sys, time; from astronomer.runtime.lineage.delivery import deliver;"
        "start = time.monotonic(); [deliver(event) for event in sys.argv[1:]];"
        "print(time.monotonic() - start)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code, *events],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "OPENLINEAGE_URL": url,
            "ASTRONOMER_RUNTIME_LINEAGE_SPOOL": str(folder),
            **environ,
        },
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=60,
    )
    return float(printed.stdout)


def eventually(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_events_arrive_in_order_after_their_process_has_ended(
    folder: Path, sink: HttpServer
) -> None:
    deliver(folder, sink.url, '{"n": 1}', '{"n": 2}')
    deliver(folder, sink.url, '{"n": 3}')
    eventually(lambda: len(taken(sink)) == 3)
    assert taken(sink) == [{"n": 1}, {"n": 2}, {"n": 3}]
    eventually(lambda: len(senders(folder)) == 1)
    assert Spool(folder).waiting() == []


def test_without_a_key_nothing_is_said_of_one(folder: Path, sink: HttpServer) -> None:
    deliver(folder, sink.url, "{}")
    eventually(lambda: sink.asked)
    assert "Authorization" not in sink.asked[0].headers


def test_a_key_is_sent(folder: Path, sink: HttpServer) -> None:
    deliver(folder, sink.url, "{}", OPENLINEAGE_API_KEY="k")
    eventually(lambda: sink.asked)
    assert sink.asked[0].headers["Authorization"] == "Bearer k"


def test_what_a_sink_could_not_take_is_sent_when_it_can(folder: Path, sink: HttpServer) -> None:
    sink.status = 503
    deliver(folder, sink.url, '{"n": 1}')
    eventually(lambda: senders(folder))
    assert len(Spool(folder).waiting()) == 1
    sink.status = 201
    eventually(lambda: taken(sink) == [{"n": 1}])


def test_an_event_that_a_sink_refuses_does_not_hold_up_the_next(
    folder: Path, sink: HttpServer
) -> None:
    sink.status = 400
    deliver(folder, sink.url, '{"n": 1}')
    eventually(lambda: not Spool(folder).waiting())
    sink.status = 201
    deliver(folder, sink.url, '{"n": 2}')
    eventually(lambda: taken(sink) == [{"n": 2}])


def test_a_sender_that_was_killed_is_replaced_and_nothing_is_lost(
    folder: Path, sink: HttpServer
) -> None:
    sink.status = 503
    deliver(folder, sink.url, '{"n": 1}')
    eventually(lambda: senders(folder))
    for process in senders(folder):
        os.kill(process, signal.SIGKILL)
    eventually(lambda: not senders(folder))
    sink.status = 201
    deliver(folder, sink.url, '{"n": 2}')
    eventually(lambda: taken(sink) == [{"n": 1}, {"n": 2}])


def test_a_sink_that_never_answers_is_not_waited_for(folder: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        deliver(folder, url, "{}")
        # The task is gone, and its event is still there.
        assert len(Spool(folder).waiting()) == 1


@pytest.mark.parametrize("environ", [{"OPENLINEAGE_URL": ""}, {"OPENLINEAGE_DISABLED": "true"}])
def test_nothing_is_written_where_lineage_is_not_wanted(
    folder: Path, environ: Dict[str, str]
) -> None:
    deliver(folder, "http://127.0.0.1:9", "{}", **environ)
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_fails_no_task(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    deliver(occupied, "http://127.0.0.1:9", "{}")


def test_a_full_spool_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_EVENTS", 2)
    full = Spool(tmp_path)
    assert [full.put(b"{}") for _ in range(3)] == [True, True, False]
