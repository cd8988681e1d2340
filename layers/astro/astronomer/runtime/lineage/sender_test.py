from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import pytest
from astronomer.runtime.conftest import HttpServer
from astronomer.runtime.lineage import delivery, spool
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


@pytest.mark.parametrize(
    "environ, sent",
    [
        ({"OPENLINEAGE_API_KEY": "k"}, "Bearer k"),
        ({"OPENLINEAGE_API_KEY": "k\n"}, "Bearer k"),
        ({}, None),
    ],
)
def test_an_entry_of_netrc_for_the_host_changes_nothing(
    folder: Path, sink: HttpServer, tmp_path: Path, environ: Dict[str, str], sent: Optional[str]
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    netrc.chmod(0o600)
    deliver(folder, sink.url, "{}", HOME=str(tmp_path), **environ)
    eventually(lambda: sink.asked)
    assert sink.asked[0].headers.get("Authorization") == sent


def test_the_sender_is_no_child_of_the_task(folder: Path, sink: HttpServer) -> None:
    sink.status = 503
    code = (
        "import os; from astronomer.runtime.lineage.delivery import deliver; deliver('{}');"
        "print(open(f'/proc/self/task/{os.getpid()}/children').read())"
    )
    environ = {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "OPENLINEAGE_URL": sink.url,
        "ASTRONOMER_RUNTIME_LINEAGE_SPOOL": str(folder),
    }
    printed = subprocess.check_output([sys.executable, "-c", code], env=environ, text=True)
    assert printed.strip() == ""
    eventually(lambda: senders(folder))


def test_what_is_no_event_holds_nothing_up(folder: Path, sink: HttpServer) -> None:
    folder.mkdir()
    for name in ("garbage.json", "1-x.json", "notes.txt", "x.part"):
        (folder / name).write_text("garbage")
    (folder / f"{0:020d}-{0:032x}.json").mkdir()
    deliver(folder, sink.url, '{"n": 1}')
    eventually(lambda: taken(sink) == [{"n": 1}])


def test_a_task_says_why_events_wait(
    folder: Path,
    sink: HttpServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", sink.url)
    monkeypatch.setenv("ASTRONOMER_RUNTIME_LINEAGE_SPOOL", str(folder))
    sink.status = 401
    delivery.deliver('{"n": 1}')
    eventually(lambda: Spool(folder).problem())
    assert caplog.text == ""
    delivery.deliver('{"n": 2}')
    assert "it answers 401; see that OPENLINEAGE_API_KEY is right" in caplog.text
    assert "401" in Spool(folder).log.read_text()


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


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, limits[1]))
    try:
        with pytest.raises(OSError):
            Spool(tmp_path).put(b"{" + b" " * 100 + b"}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_task_half_wrote_is_removed(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json.part", tmp_path / "new.json.part"
    for part in (old, new):
        part.write_text("{")
    os.utime(old, (0, 0))
    Spool(tmp_path).clean()
    assert list(tmp_path.iterdir()) == [new]
