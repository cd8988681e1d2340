"""With a real Redis: what was lost comes again, and whatever is wrong with it, the loop turns."""

from __future__ import annotations

import base64
import json
import logging
import multiprocessing
import statistics
import time
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
from astronomer.runtime.high_availability.conftest import QUEUE, Scheduler
from astronomer.runtime.testing.redis import RedisServer, SilentServer, free_port

Schedulers = Callable[..., Scheduler]

# Seconds that a turn may take on a busy machine. One that waits for Redis takes more than five.
TURN = 2.0


def waiting(redis: RedisServer, key: str = QUEUE) -> List[Dict[str, Any]]:
    return [json.loads(each) for each in redis.client().lrange(key, 0, -1)]


def ids(redis: RedisServer, key: str = QUEUE) -> List[str]:
    return [each["headers"]["id"] for each in waiting(redis, key)]


def send(celery_id: str, queue: str = QUEUE) -> None:
    """As the executor does."""
    from airflow.executors.celery_executor import app, execute_command

    with app.connection_for_write() as connection:
        execute_command.apply_async(
            args=[["airflow"]], queue=queue, task_id=celery_id, connection=connection
        )


def warnings(caplog: pytest.LogCaptureFixture) -> List[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


def test_what_is_missing_twice_is_sent_again_as_it_was(
    scheduler: Schedulers, redis_server: RedisServer
) -> None:
    loop = scheduler()
    lost = loop.queue("kept")

    loop.look()
    assert ids(redis_server) == []
    loop.look()

    (message,) = waiting(redis_server)
    ((command,), _, _) = json.loads(base64.b64decode(message["body"]))
    assert message["headers"]["id"] == lost
    assert command[:5] == ["airflow", "tasks", "run", "kept", "work"]
    assert "/dags/kept.py" in command[-1]
    loop.look()
    loop.look()
    assert ids(redis_server) == [lost]


@pytest.mark.parametrize("prefix", ["", "team-1:"])
def test_what_waits_or_was_taken_is_not_sent_again(
    scheduler: Schedulers, redis_server: RedisServer, prefix: str
) -> None:
    loop = scheduler(global_keyprefix=prefix)
    client = redis_server.client()
    lost, in_queue, in_other, by_priority, taken = (loop.queue() for _ in range(5))
    other = loop.queue(queue="other")
    send(in_queue)
    send(other, "other")
    for number, each in enumerate((in_other, by_priority, taken)):
        send(each, f"from-{number}")
    client.rename(f"{prefix}from-0", f"{prefix}{QUEUE}\x06\x163")
    client.rename(f"{prefix}from-1", f"{prefix}{QUEUE}\x06\x169")
    (message,) = client.lrange(f"{prefix}from-2", 0, -1)
    client.delete(f"{prefix}from-2")
    client.hset(f"{prefix}unacked", "tag", json.dumps([json.loads(message), QUEUE, QUEUE]))

    for _ in range(3):
        loop.look()

    assert sorted(ids(redis_server, f"{prefix}{QUEUE}")) == sorted([lost, in_queue])
    assert ids(redis_server, f"{prefix}other") == [other]


def test_messages_of_other_programs_hide_nothing(
    scheduler: Schedulers, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    loop = scheduler()
    client = redis_server.client()
    lost, kept, packed = loop.queue(), loop.queue(), loop.queue()
    others = [b"no JSON", b"\xff\xfe\x00", b"[]", b"7", b"null", b'"text"', b'{"headers": null}']
    client.lpush(QUEUE, *others)
    client.hset("unacked", mapping={f"tag-{n}": each for n, each in enumerate(others)})
    send(kept)
    client.lpush(QUEUE, json.dumps({"properties": {"correlation_id": packed}, "body": "eJw="}))

    loop.look()
    loop.look()

    content = client.lrange(QUEUE, 0, -1)
    assert sum(lost.encode() in each for each in content) == 1
    assert len(content) == len(others) + 3
    assert len(warnings(caplog)) == 1


def test_a_queue_that_cannot_be_read_is_said_once_and_the_others_are(
    scheduler: Schedulers, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    loop = scheduler()
    redis_server.client().set("odd", "text")
    loop.queue(queue="odd")
    lost = loop.queue()

    for _ in range(4):
        loop.look()

    assert ids(redis_server) == [lost]
    assert [each for each in warnings(caplog) if "WRONGTYPE" in each] == [
        "Messages that the broker may have lost are not looked for, or not sent again: queue odd:"
        " ResponseError: WRONGTYPE Operation against a key holding the wrong kind of value."
    ]


def test_a_task_whose_rows_are_broken_is_said_once_and_the_others_are_sent(
    scheduler: Schedulers, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow import settings
    from airflow.models import DagModel
    from airflow.utils.session import create_session

    loop = scheduler()
    gone = loop.queue("gone")
    unreadable = loop.queue("unreadable")
    lost = loop.queue("kept")
    with create_session() as session:
        session.query(DagModel).filter(DagModel.dag_id == "gone").delete()
    with settings.engine.begin() as connection:
        # As of a class that is not installed any more; a pool that was removed is a name as well.
        sql = "UPDATE task_instance SET executor_config = 'no pickle', pool = 'removed'"
        connection.execute(f"{sql} WHERE dag_id = 'unreadable'")
        connection.execute("UPDATE dag_run SET conf = 'no pickle' WHERE dag_id = 'unreadable'")

    for _ in range(4):
        loop.look()

    assert sorted(ids(redis_server)) == sorted([lost, unreadable])
    (said,) = [each for each in warnings(caplog) if "cannot be sent again" in each]
    assert gone in said and "gone" in said


def test_twenty_thousand_waiting_messages_do_not_hold_the_loop(
    scheduler: Schedulers, redis_server: RedisServer
) -> None:
    loop = scheduler()
    kept = loop.queue()
    send(kept)
    client = redis_server.client()
    (message,) = client.lrange(QUEUE, 0, -1)
    with client.pipeline() as pipeline:
        for _ in range(20_000):
            pipeline.lpush(QUEUE, message.replace(kept.encode(), str(uuid.uuid4()).encode()))
        pipeline.execute()
    lost = loop.queue()
    turns: List[float] = []

    for _ in range(2):
        loop.seconds += 1000
        loop.turn()
        while multiprocessing.active_children():
            start = time.perf_counter()
            loop.turn()
            turns.append(time.perf_counter() - start)
            time.sleep(0.02)
        loop.turn()

    print(f"longest {loop.longest_turn:.3f} s, median {statistics.median(turns or [0]):.4f} s")
    assert loop.longest_turn < TURN
    assert client.llen(QUEUE) == 20_002
    assert lost.encode() in client.lindex(QUEUE, 0)


class Broken:
    """A broker that does not do what it should."""

    def __init__(self, url: str, said: str, close: Callable[[], None] = lambda: None) -> None:
        self.url = url
        self.said = said
        self.close = close


def _broken(kind: str, folder: Path) -> Broken:
    if kind == "refuses":
        return Broken(f"redis://127.0.0.1:{free_port()}/0", "refused")
    if kind == "frozen":
        server = RedisServer(folder)
        server.freeze()
        return Broken(server.url, "imeout", server.kill)
    if kind == "unknown host":
        return Broken("redis://no-such-host.invalid/0", "Error")
    if kind == "no password":
        server = RedisServer(folder, "--requirepass", "secret")
        return Broken(server.url, "Authentication", server.kill)
    if kind == "wrong password":
        server = RedisServer(folder, "--requirepass", "secret")
        return Broken(server.url.replace("//", "//:hidden@"), "password", server.kill)
    answers = {
        "silent": (b"", 0.0, "imeout"),
        "drips": (b"$999\r\n" + b"x" * 999, 0.5, "did not end"),
        "loads": (b"-LOADING Redis is loading the dataset in memory\r\n" * 9, 0.0, "loading"),
        "full": (b"-ERR max number of clients reached\r\n" * 9, 0.0, "max number"),
        "no Redis": (b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9, 0.0, "Error"),
    }
    answer, every, said = answers[kind]
    silent = SilentServer(answer, every)
    return Broken(silent.url, said, silent.close)


_KINDS = [
    *["refuses", "frozen", "unknown host", "no password", "wrong password"],
    *["silent", "drips", "loads", "full", "no Redis"],
]


@pytest.mark.parametrize("kind", _KINDS)
def test_a_broken_redis_holds_no_turn_of_the_loop_and_is_said_once(
    scheduler: Schedulers,
    kind: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Seconds; the image's bounds are ten times as long.
    monkeypatch.setattr("astronomer.runtime.high_availability.search.SECONDS", 6.0)
    monkeypatch.setattr("astronomer.runtime.high_availability.broker.SOCKET_SECONDS", 1.0)
    folder = tmp_path / "broken"
    folder.mkdir()
    broken = _broken(kind, folder)
    loop = scheduler(broken.url)
    loop.queue()
    most = 0

    deadline = time.monotonic() + 60
    while not warnings(caplog):
        assert time.monotonic() < deadline
        loop.seconds += 1000
        loop.turn()
        most = max(most, len(multiprocessing.active_children()))
        time.sleep(0.01)
    if kind != "drips":
        loop.look()

    (said,) = warnings(caplog)
    assert broken.said in said and "hidden" not in said
    assert loop.longest_turn < TURN
    assert most <= 1
    broken.close()


def test_a_search_ends_with_the_scheduler(scheduler: Schedulers) -> None:
    silent = SilentServer()
    loop = scheduler(silent.url)
    loop.queue()
    loop.seconds += 1000
    loop.turn()
    (child,) = multiprocessing.active_children()
    start = time.monotonic()

    loop.executor.end()

    assert not child.is_alive()
    assert time.monotonic() - start < TURN
    silent.close()


def test_what_was_lost_is_sent_when_redis_is_there_again(
    scheduler: Schedulers, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("astronomer.runtime.high_availability.broker.SOCKET_SECONDS", 1.0)
    loop = scheduler()
    kept = loop.queue()
    send(kept)
    loop.look()
    redis_server.kill()
    loop.look()
    redis_server.start()

    loop.look()
    loop.look()

    assert ids(redis_server) == [kept]


def test_a_redis_that_takes_nothing_is_asked_again(
    scheduler: Schedulers, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    loop = scheduler()
    lost = loop.queue()
    redis_server.client().config_set("maxmemory", "1")

    for _ in range(4):
        loop.look()
    (said,) = warnings(caplog)
    assert "OOM" in said
    redis_server.client().config_set("maxmemory", "0")
    loop.look()

    assert ids(redis_server) == [lost]


def test_other_brokers_are_not_asked(scheduler: Schedulers) -> None:
    silent = SilentServer()
    loop = scheduler(silent.url.replace("redis", "amqp"))
    loop.queue()

    loop.look()
    loop.look()

    assert silent.connections == 0
    silent.close()
