from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Dict, List, Tuple

import pytest
from astronomer.runtime.executor.packing import (
    AGEING_SECONDS,
    PATIENCE_SECONDS,
    Runner,
    Strategy,
    Waiting,
    pack,
)

GIB = 1024**3


def task(number: int, **asked: object) -> Waiting:
    return Waiting(number, "default", 1, 0.0, 0, 0, 1)._replace(**asked)  # type: ignore[arg-type]


def runner(number: int, cpu: int = 4000, memory: int = 8 * GIB, slots: int = 16) -> Runner:
    return Runner(number, ("default",), cpu, memory, slots, cpu, memory, slots)


def used(runner: Runner, cpu: int = 0, memory: int = 0, slots: int = 0) -> Runner:
    return runner._replace(
        free_cpu_millis=runner.free_cpu_millis - cpu,
        free_memory_bytes=runner.free_memory_bytes - memory,
        free_slots=runner.free_slots - slots,
    )


@pytest.mark.parametrize("strategy", Strategy)
def test_nothing_is_placed_beyond_what_is_free_in_any_of_the_three(strategy: Strategy) -> None:
    chance = random.Random(7)
    for _ in range(50):
        runners = [
            used(runner(n, chance.choice([2000, 4000])), chance.randrange(2500), 0, 3)
            for n in range(6)
        ]
        waiting = [
            task(
                n,
                priority=chance.randrange(5),
                waited_seconds=chance.random() * 300,
                cpu_millis=chance.choice([0, 100, 500, 1500, 5000]),
                memory_bytes=chance.choice([0, GIB, 3 * GIB]),
                slots=chance.choice([1, 2, 8]),
            )
            for n in range(120)
        ]
        plan = pack(waiting, runners, strategy)
        tasks = {each.id: each for each in waiting}
        assert len({placed for placed, _ in plan.placements}) == len(plan.placements)
        for each in runners:
            here = [tasks[placed] for placed, where in plan.placements if where == each.id]
            assert sum(t.cpu_millis for t in here) <= max(each.free_cpu_millis, 0)
            assert sum(t.memory_bytes for t in here) <= each.free_memory_bytes
            assert sum(t.slots for t in here) <= each.free_slots


def test_max_packing_fills_one_runner_before_the_next() -> None:
    plan = pack(
        [task(n) for n in range(20)], [runner(1), used(runner(2), slots=1)], Strategy.MAX_PACKING
    )
    where = [place for _, place in plan.placements]
    assert where == [2] * 15 + [1] * 5


def test_even_spread_gives_each_runner_its_share() -> None:
    plan = pack(
        [task(n) for n in range(9)], [runner(1), runner(2), runner(3)], Strategy.EVEN_SPREAD
    )
    where = [place for _, place in plan.placements]
    assert [where.count(n) for n in (1, 2, 3)] == [3, 3, 3]


def test_the_higher_priority_goes_first_and_of_equals_the_first_come() -> None:
    waiting = [task(1), task(2, priority=5), task(3)]
    plan = pack(waiting, [runner(1, slots=2)], Strategy.MAX_PACKING)
    assert [placed for placed, _ in plan.placements] == [2, 1]


def test_waiting_makes_up_for_priority() -> None:
    waiting = [task(1, priority=3), task(2, priority=1, waited_seconds=2.5 * AGEING_SECONDS)]
    plan = pack(waiting, [runner(1, slots=1)], Strategy.MAX_PACKING)
    assert [placed for placed, _ in plan.placements] == [2]


def test_a_small_task_goes_past_a_big_one_that_has_no_room_yet() -> None:
    waiting = [task(1, slots=8, priority=9), task(2)]
    plan = pack(waiting, [used(runner(1), slots=10)], Strategy.MAX_PACKING)
    assert plan.placements == [(2, 1)]
    assert plan.impossible == {}


@pytest.mark.parametrize(
    "queue, asked, reason",
    [
        ("other", {}, "No runner serves queue 'other'."),
        (
            "default",
            {"cpu_millis": 8000},
            "It is larger than any runner of queue 'default': it asks for 8 CPUs where the most"
            " is 4 CPUs.",
        ),
        (
            "default",
            {"memory_bytes": 9 * GIB, "slots": 17},
            "It is larger than any runner of queue 'default': it asks for 9216 MiB of memory where"
            " the most is 8192 MiB, 17 slots where the most is 16.",
        ),
    ],
)
def test_what_has_no_place_however_empty_says_why(
    queue: str, asked: Dict[str, int], reason: str
) -> None:
    # As busy as can be: being full is no such reason.
    busy = used(runner(1), 4000, 8 * GIB, 16)
    plan = pack([task(1, queue=queue, **asked), task(2)], [busy], Strategy.MAX_PACKING)
    assert plan.impossible == {1: reason}


def test_no_single_runner_may_have_all_of_it_together() -> None:
    runners = [runner(1, cpu=1000), runner(2, memory=GIB)]
    plan = pack([task(1, cpu_millis=4000, memory_bytes=8 * GIB)], runners, Strategy.MAX_PACKING)
    assert "no single one has together" in plan.impossible[1]


def test_a_runner_of_several_queues_is_filled_once() -> None:
    both = runner(1, slots=2)._replace(queues=("default", "etl"))
    waiting = [task(1), task(2, queue="etl"), task(3)]
    assert len(pack(waiting, [both], Strategy.MAX_PACKING).placements) == 2


@dataclass
class Simulation:
    """Runners over time: a small task ends every second, and another one comes for it."""

    runners: int
    big: Waiting
    running: List[Tuple[int, Waiting, int]] = field(default_factory=list)
    """Task, its runner, and the second of its end."""

    def seconds_until_placed(self, limit: int) -> int:
        number, waiting = 100, []  # type: int, List[Waiting]
        for second in range(limit):
            self.running = [each for each in self.running if each[2] > second]
            while len(waiting) < 40:
                number += 1
                waiting.append(task(number, priority=5))
            free = [self.left(n) for n in range(self.runners)]
            big = self.big._replace(waited_seconds=float(second))
            plan = pack([big, *waiting], free, Strategy.MAX_PACKING)
            by_id = {each.id: each for each in [big, *waiting]}
            for placed, where in plan.placements:
                if placed == big.id:
                    return second
                length = 10 + placed % 7
                self.running.append((where, by_id[placed], second + length))
            placed_ids = {placed for placed, _ in plan.placements}
            waiting = [each for each in waiting if each.id not in placed_ids]
        return limit

    def left(self, number: int) -> Runner:
        here = [each for where, each, _ in self.running if where == number]
        return used(runner(number), slots=sum(each.slots for each in here))


def test_a_big_task_of_low_priority_does_not_starve_among_small_ones() -> None:
    simulation = Simulation(3, task(1, slots=16, priority=1))
    assert simulation.seconds_until_placed(2000) <= PATIENCE_SECONDS + 20


def test_the_room_kept_for_a_big_task_is_one_runner_s() -> None:
    big = task(1, slots=16, waited_seconds=PATIENCE_SECONDS)
    runners = [used(runner(1), slots=1), used(runner(2), slots=4)]
    plan = pack([big, *(task(n) for n in range(2, 40))], runners, Strategy.MAX_PACKING)
    assert {where for _, where in plan.placements} == {2}
