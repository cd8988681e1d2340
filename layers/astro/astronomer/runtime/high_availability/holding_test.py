"""Real workers and a real Redis: which messages of theirs are given to another worker."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Iterator

import pytest
from astronomer.runtime.testing.fleet import Fleet
from astronomer.runtime.testing.redis import RedisServer

# Seconds: the image's is 60. So long Redis keeps a message for a worker that is not heard of.
TIMEOUT = 4

_LONG = 2.5 * TIMEOUT

_OPTIONS = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__"


@pytest.fixture
def fleet(tmp_path: Path, redis_server: RedisServer) -> Iterator[Fleet]:
    environ = {
        "AIRFLOW__CELERY__BROKER_URL": redis_server.url,
        f"{_OPTIONS}VISIBILITY_TIMEOUT": str(TIMEOUT),
    }
    made = Fleet(tmp_path, **environ)
    yield made
    made.end()


def test_a_worker_that_ends_keeps_what_it_runs(fleet: Fleet, redis_server: RedisServer) -> None:
    fleet.start("a")
    fleet.start("b", queue="other")
    fleet.ready()
    fleet.send("long", _LONG)
    fleet.wait(fleet.runs)

    fleet.workers["a"].terminate()

    assert fleet.workers["a"].wait(60) == 0
    assert fleet.runs() == ["start long by a", "end long by a"]
    # Neither waiting nor taken: it was acknowledged, and given to nobody.
    assert redis_server.client().keys("default") == redis_server.client().keys("unacked") == []


def test_a_worker_that_is_told_twice_to_end_ends(fleet: Fleet) -> None:
    fleet.start("a")
    fleet.ready()
    fleet.send("long", 300)
    fleet.wait(fleet.runs)
    fleet.workers["a"].terminate()
    fleet.wait(lambda: "Warm shutdown" in fleet.log("a"))

    fleet.workers["a"].send_signal(signal.SIGQUIT)

    fleet.workers["a"].wait(30)


def test_clocks_that_differ_give_nothing_away(fleet: Fleet) -> None:
    fleet.start("behind", CLOCK_SHIFT="-70")
    fleet.start("ahead", queue="other", CLOCK_SHIFT="70")
    fleet.ready()
    fleet.send("long", _LONG)
    fleet.send("other", _LONG, queue="other")
    # Whatever is given back is taken before these.
    fleet.send("last", 0)
    fleet.send("last", 0, queue="other")

    fleet.wait(lambda: len(fleet.runs()) == 8)

    by_worker = [[each for each in fleet.runs() if name in each] for name in ("behind", "ahead")]
    assert [[each.rpartition(" by ")[0] for each in one] for one in by_worker] == [
        ["start long", "end long", "start last", "end last"],
        ["start other", "end other", "start last", "end last"],
    ]


@pytest.mark.parametrize("prefix", ["", "team-1:"])
def test_a_dead_worker_s_task_is_done_by_another_and_the_unreadable_stops_nothing(
    fleet: Fleet, redis_server: RedisServer, prefix: str
) -> None:
    client = redis_server.client()
    odd = {"odd-1": b"no JSON", "odd-2": b"[]", "odd-3": b"null"}
    fleet.start("a", **{f"{_OPTIONS}GLOBAL_KEYPREFIX": prefix})
    fleet.ready()
    fleet.send("long", 300, prefix=prefix)
    fleet.wait(fleet.runs)
    fleet.workers["a"].kill()
    client.hset(f"{prefix}unacked", mapping=odd)
    client.zadd(f"{prefix}unacked_index", {tag: 1 for tag in odd})

    fleet.start("b", **{f"{_OPTIONS}GLOBAL_KEYPREFIX": prefix})

    fleet.wait(lambda: fleet.runs() == ["start long by a", "start long by b"])


def test_a_worker_whose_loop_stands_still_while_it_works_keeps_what_it_runs(fleet: Fleet) -> None:
    fleet.start("a", pool="solo")
    fleet.start("b", queue="other")
    fleet.ready()
    fleet.send("long", _LONG)
    fleet.send("last", 0)

    fleet.wait(lambda: len(fleet.runs()) == 4)

    assert fleet.runs()[2:] == ["start last by a", "end last by a"]


def test_a_redis_that_was_away_for_long_gives_nothing_away(
    fleet: Fleet, redis_server: RedisServer
) -> None:
    fleet.start("a")
    fleet.start("b", queue="other")
    fleet.ready()
    fleet.send("long", 2 * _LONG)
    fleet.send("last", 0)
    fleet.wait(fleet.runs)

    redis_server.freeze()
    time.sleep(2 * TIMEOUT)
    redis_server.thaw()

    fleet.wait(lambda: len(fleet.runs()) == 4)
    assert fleet.runs()[2:] == ["start last by a", "end last by a"]


def test_beside_workers_without_the_step_their_long_tasks_are_delivered_again(fleet: Fleet) -> None:
    """What the page says of a mixed fleet; Airflow refuses the second start."""
    fleet.start("a", STOCK="1")
    fleet.ready()
    fleet.send("long", 300)
    fleet.wait(fleet.runs)

    fleet.start("b")

    fleet.wait(lambda: fleet.runs() == ["start long by a", "start long by b"])
