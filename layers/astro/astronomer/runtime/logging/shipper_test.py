"""The shipper, with logs and a store that make it difficult."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional

import pytest
from astronomer.runtime import lone_process
from astronomer.runtime.logging import segments, shipper, tickets, turns
from astronomer.runtime.logging.conftest import BASE, KEY, connections, eventually
from astronomer.runtime.logging.tickets import Session
from astronomer.runtime.testing.s3 import S3, refusal


class Log:
    """A log that is written."""

    def __init__(self, logs: Path, name: str, number: int) -> None:
        self.name, self.path = name, logs / name
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(b"")
        self._ticket = tickets.begin(logs / tickets.FOLDER, Session(0, number, "host"), name, 0)

    def write(self, content: bytes) -> None:
        with open(self.path, "ab") as file:
            file.write(content)

    def end(self) -> None:
        self._ticket.close()


class Shipping:
    """A folder of logs and its shipper, in a thread of this process."""

    def __init__(self, home: Path, s3: S3, capsys: pytest.CaptureFixture[str]) -> None:
        self.logs = home / "logs"
        self.folder = self.logs / tickets.FOLDER
        self.folder.mkdir(parents=True)
        self._s3, self._capsys, self._said = s3, capsys, ""
        self._logs: List[Log] = []
        self._thread: Optional[threading.Thread] = None

    def start(self) -> None:
        """Start the shipper."""
        self._thread = threading.Thread(target=shipper.run, args=(self.folder, True), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the shipper, as when its folder is gone."""
        away = self.folder.with_suffix(".away")
        self.folder.rename(away)
        if self._thread:
            self._thread.join(60)
            assert not self._thread.is_alive()
        away.rename(self.folder)

    def begin(self, name: str) -> Log:
        """A log that somebody writes."""
        self._logs.append(Log(self.logs, name, 1_000 + len(self._logs)))
        return self._logs[-1]

    def write(self, name: str, content: bytes) -> Log:
        """A log that has ended."""
        made = self.begin(name)
        made.write(content)
        made.end()
        return made

    def shipped(self, name: str) -> bytes:
        """What is in the store of a log."""
        found = {
            segment: content
            for key, content in self._s3.contents().items()
            for segment in [segments.parse(key.rpartition("/")[2])]
            if f"/{name}.chunks/" in key and segment
        }
        return b"".join(found[each] for each in segments.cover(found))

    def has_ended(self, name: str) -> bool:
        """Whether the store has all of a log."""
        return any(f"/{name}.chunks/" in key for key in self._s3.complete())

    def messages(self) -> List[str]:
        """What the shipper has said."""
        self._said += self._capsys.readouterr().err
        lines = self._said.splitlines()
        return [line for line in lines if line.startswith("astronomer-runtime: ")]

    def said(self, text: str) -> int:
        """How often the shipper has said something."""
        return sum(text in line for line in self.messages())

    def close(self) -> None:
        for log in self._logs:
            log.end()
        self.stop()


@pytest.fixture
def shipping(
    tmp_path: Path,
    airflow_database: Path,
    s3: S3,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Shipping]:
    environ = {
        **connections(s3),
        "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": BASE,
        "AIRFLOW__ASTRONOMER__TASK_LOG_INTERVAL": "0.1",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    made = Shipping(tmp_path, s3, capsys)
    yield made
    s3.instead = lambda request: None
    made.close()


def instead_of(
    s3: S3, part: str, answer: Callable[[], Optional[Iterable[bytes]]], method: str = "PUT"
) -> None:
    """Have the store answer otherwise to what concerns the log of a name."""

    def instead(request: Dict[str, Any]) -> Optional[Iterable[bytes]]:
        concerned = part in request["PATH_INFO"] + request.get("QUERY_STRING", "")
        return answer() if concerned and request["REQUEST_METHOD"] == method else None

    s3.instead = instead


def pace(shipping: Shipping, seconds: float = 3.0) -> float:
    """Seconds that a line waits at most, of a log that is written meanwhile."""
    log, longest = shipping.begin("prompt.log"), 0.0
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        line = b"line %d\n" % number
        log.write(line)
        wrote = time.monotonic()
        eventually(lambda: line in shipping.shipped("prompt.log"))
        longest = max(longest, time.monotonic() - wrote)
        number += 1
    log.end()
    eventually(lambda: shipping.has_ended("prompt.log"))
    return longest


# Seconds: several times what it takes, and less than those before it would take in the tests.
_PROMPT = 8.0


def test_logs_that_are_far_behind_delay_no_other(shipping: Shipping, s3: S3) -> None:
    for number in range(9):
        shipping.write(f"behind-{number}.log", b"x" * 99 + b"\n" * (20 << 20))
    # Uploading takes its time.
    instead_of(s3, "behind", lambda: time.sleep(1.5))
    shipping.start()
    eventually(lambda: any("behind" in key for key in s3.keys()))
    assert pace(shipping) < _PROMPT
    assert not all(shipping.has_ended(f"behind-{number}.log") for number in range(9))
    s3.instead = lambda request: None
    eventually(lambda: all(shipping.has_ended(f"behind-{number}.log") for number in range(9)))
    assert len(shipping.shipped("behind-0.log")) == 99 + (20 << 20)


def test_many_logs_that_wait_delay_no_other(shipping: Shipping, s3: S3) -> None:
    for number in range(150):
        shipping.write(f"left-{number}.log", b"left\n")
    instead_of(s3, "left", lambda: time.sleep(0.4))
    shipping.start()
    eventually(lambda: any("left" in key for key in s3.keys()))
    assert pace(shipping) < _PROMPT
    assert not all(shipping.has_ended(f"left-{number}.log") for number in range(150))
    s3.instead = lambda request: None
    eventually(lambda: len(s3.complete()) == 151)


def test_logs_that_the_store_does_not_answer_for_delay_no_other(shipping: Shipping, s3: S3) -> None:
    over = threading.Event()
    for number in range(3):
        shipping.write(f"silent-{number}.log", b"silent\n")
    instead_of(s3, "silent", lambda: None if over.wait(60) else None)
    try:
        shipping.start()
        assert pace(shipping) < _PROMPT
    finally:
        over.set()


def test_a_log_that_the_store_refuses_is_given_up_and_tried_again_at_the_next_start(
    shipping: Shipping, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_LONGEST_PAUSE_OF_ONE", 0.5)
    shipping.write("refused.log", b"refused\n")
    instead_of(s3, "refused", lambda: refusal("AccessDenied"))
    shipping.start()
    other, number = shipping.begin("other.log"), 0
    while not shipping.said("refused.log is not shipped"):
        other.write(b"line\n")
        number += 1
        assert number < 600
        time.sleep(0.1)
    [message] = shipping.messages()
    assert "AccessDenied" in message
    assert list(shipping.folder.glob("*.refused"))
    other.end()
    eventually(lambda: shipping.has_ended("other.log"))
    assert shipping.shipped("other.log") == b"line\n" * number

    s3.instead = lambda request: None
    shipping.stop()
    shipping.start()
    eventually(lambda: shipping.has_ended("refused.log"))
    assert shipping.shipped("refused.log") == b"refused\n"


def test_while_the_store_refuses_everything_no_log_is_given_up(
    shipping: Shipping, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_LONGEST_PAUSE", 0.1)
    for number in range(3):
        shipping.write(f"kept-{number}.log", b"kept\n")
    instead_of(s3, "kept", lambda: refusal("AccessDenied"))
    shipping.start()
    # Each of them more often than one that is refused alone.
    eventually(lambda: len(s3.authorizations) > 3 * 14)
    assert len(list(shipping.folder.glob("*.ticket"))) == 3
    s3.instead = lambda request: None
    eventually(lambda: len(s3.complete()) == 3 and shipping.said("again"))
    first, second = shipping.messages()
    assert "cannot be shipped to s3://logs/base" in first and "again" in second


def test_files_that_cannot_be_read_delay_no_other_and_are_given_up(
    shipping: Shipping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_LONGEST_PAUSE_OF_ONE", 0.5)
    shipping.write("no-file.log", b"").path.unlink()
    (shipping.logs / "no-file.log").mkdir()
    os.mkfifo(shipping.folder / "1-pipe.ticket")
    shipping.write("pipe.log", b"").path.unlink()
    os.mkfifo(shipping.logs / "pipe.log")
    shipping.write("gone.log", b"gone\n").path.unlink()
    for name, content in {
        "1-half.ticket": b'{"log": "ha',
        "1-empty.ticket": b"",
        "1-bytes.ticket": b"\xff\xfe",
        "1-list.ticket": b"[]",
        "1-infinite.ticket": b'{"log": "a.log", "start": Infinity}',
        "1-negative.ticket": b'{"log": "a.log", "start": -1}',
        "1-deep.ticket": b"[" * 100_000,
        "1-nul.ticket": b'{"log": "a\\u0000", "start": 0}',
        "1-surrogate.ticket": b'{"log": "a\\ud800", "start": 0}',
        "1-outside.ticket": b'{"log": "../a.log", "start": 0}',
        "1-nothing.ticket": b'{"log": "", "start": 0}',
        "\u00b2-host.ticket": b'{"log": "a.log", "start": 0}',
        "host.ticket": b'{"log": "a.log", "start": 0}',
    }.items():
        (shipping.folder / name).write_bytes(content)
    (shipping.folder / "1-folder.ticket").mkdir()
    shipping.start()
    eventually(lambda: shipping.said("is not shipped") == 2)
    assert shipping.said("is not a ticket") == 15
    assert pace(shipping) < _PROMPT
    assert shipping.has_ended("gone.log")


def test_a_file_that_becomes_shorter_is_shipped_as_far_as_it_was(
    shipping: Shipping, s3: S3
) -> None:
    log = shipping.begin("cut.log")
    log.write(b"one\n" * 1000)
    shipping.start()
    eventually(lambda: shipping.shipped("cut.log"))
    log.path.write_bytes(b"two\n")
    assert pace(shipping) < _PROMPT
    log.end()
    eventually(lambda: shipping.has_ended("cut.log"))
    assert shipping.shipped("cut.log") == b"one\n" * 1000


def test_credentials_that_become_right_are_used(
    shipping: Shipping, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models import Connection
    from airflow.utils.session import create_session

    monkeypatch.setattr(turns, "_LEAST_AGE", 0.5)
    monkeypatch.setattr(turns, "_LONGEST_PAUSE", 1.0)
    good = Connection(uri=os.environ["AIRFLOW_CONN_ASTRO_S3_LOGGING"])
    monkeypatch.delenv("AIRFLOW_CONN_ASTRO_S3_LOGGING")
    right = [KEY]

    def instead(request: Dict[str, Any]) -> Optional[Iterable[bytes]]:
        key = f"Credential={right[0]}/"
        known = key in request.get("HTTP_AUTHORIZATION", "")
        return None if known else refusal("InvalidAccessKeyId")

    def store(login: str) -> None:
        with create_session() as session:
            session.query(Connection).filter_by(conn_id="astro_s3_logging").delete()
            session.add(
                Connection(
                    conn_id="astro_s3_logging",
                    conn_type="aws",
                    login=login,
                    password="our-secret",
                    extra=good.extra,
                )
            )

    s3.instead = instead
    try:
        store("WRONG")
        shipping.write("first.log", b"first\n")
        shipping.start()
        eventually(lambda: shipping.said("InvalidAccessKeyId"))
        store(KEY)
        eventually(lambda: shipping.has_ended("first.log"))

        # They are good no longer.
        right[0] = "ROTATED"
        second = shipping.begin("second.log")
        second.write(b"second\n")
        eventually(lambda: shipping.said("InvalidAccessKeyId") == 2)
        store("ROTATED")
        eventually(lambda: shipping.shipped("second.log"))
        eventually(lambda: shipping.said("shipped to s3://logs/base again") == 2)
    finally:
        with create_session() as session:
            session.query(Connection).filter_by(conn_id="astro_s3_logging").delete()


def test_a_reader_uses_credentials_that_become_right(shipping: Shipping, s3: S3) -> None:
    from astronomer.runtime.logging.reader import LogReader

    shipping.write("read.log", b"here\n")
    shipping.start()
    eventually(lambda: shipping.has_ended("read.log"))
    reader = LogReader(BASE)
    refused: List[str] = [KEY]

    def instead(request: Dict[str, Any]) -> Optional[Iterable[bytes]]:
        given = request.get("HTTP_AUTHORIZATION", "")
        return refusal("ExpiredToken") if f"Credential={refused[0]}/" in given else None

    def read() -> str:
        return reader.read("read.log", Path("/nowhere"), "host", lambda: "local")

    s3.instead = instead
    assert "Unable to read" in read()
    refused[0] = "OTHER"
    assert "here" in read()
    # Another key from now on; nobody has to look twice.
    refused[0] = KEY
    name = "AIRFLOW_CONN_ASTRO_S3_LOGGING"
    os.environ[name] = os.environ[name].replace(KEY, "NEW-KEY")
    assert "here" in read()


class _Anew(Exception):
    """In place of a new program."""


def test_a_store_that_answers_byte_by_byte_is_asked_anew(
    shipping: Shipping, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs: List[List[str]] = []

    def execute(program: str, words: List[str]) -> None:
        programs.append(words)
        raise _Anew

    monkeypatch.setattr(os, "execv", execute)
    monkeypatch.setattr(turns, "_LONGEST_TURN", 2.0)
    monkeypatch.setattr(shipper, "IDLE_SECONDS", 1.0)
    monkeypatch.setattr(lone_process, "_is_one", False)
    asked: List[float] = []

    def drip() -> Iterator[bytes]:
        while not shipping.has_ended("drip.log"):
            yield b" "
            time.sleep(0.5)

    def answer() -> Optional[Iterable[bytes]]:
        asked.append(time.monotonic())
        return drip() if len(asked) == 1 else None

    instead_of(s3, "drip", answer, method="GET")
    shipping.write("drip.log", b"drip\n")
    with pytest.raises(_Anew):
        shipper.main([str(shipping.folder)])
    assert programs == [[sys.executable, "-m", shipper.MODULE, str(shipping.folder)]]
    assert shipping.said("does not end")
    assert shipper.main([str(shipping.folder)]) == 0
    assert shipping.has_ended("drip.log")
