"""How long a pass of the Runtime executor's allocator takes to decide.

`./pants run benchmarks/executor_packing.py`. 10,000 waiting tasks in four queues and 200 runners of
8 CPUs, 32 GiB and 16 slots, which are empty, busy to nine tenths, or full. Processor time; the
median of seven passes.
"""

from __future__ import annotations

import random
import statistics
import time
from typing import Callable, Dict, Tuple

from astronomer.runtime.executor.packing import Runner, Strategy, Waiting, pack

_GIB = 1024**3
_TASKS, _RUNNERS, _QUEUES, _PASSES = 10_000, 200, 4, 7
_CPU, _MEMORY, _SLOTS = 8000, 32 * _GIB, 16

_REQUESTS: Dict[str, Callable[[random.Random], Tuple[int, int, int]]] = {
    "all ask for the same": lambda chance: (100, _GIB // 4, 1),
    "18 kinds of requests": lambda chance: (
        chance.choice([100, 500, 1000]),
        chance.choice([1, 2, 4]) * _GIB,
        chance.choice([1, 2]),
    ),
    "each asks for another amount": lambda chance: (
        chance.randrange(10, 4000),
        chance.randrange(_GIB // 8, 8 * _GIB),
        chance.randrange(1, 9),
    ),
}


def main() -> None:
    """Print a table."""
    chance = random.Random(1)
    print("| requests | runners | strategy | placed | ms |\n| --- | --- | --- | --- | --- |")
    for name, request in _REQUESTS.items():
        waiting = [
            Waiting(
                number,
                f"queue-{chance.randrange(_QUEUES)}",
                chance.randrange(5),
                chance.random() * 200,
                *request(chance),
            )
            for number in range(_TASKS)
        ]
        for load, share in (("empty", 1.0), ("nine tenths", 0.1), ("full", 0.0)):
            free = (int(_CPU * share), int(_MEMORY * share), round(_SLOTS * share))
            runners = [
                Runner(number, (f"queue-{number % _QUEUES}",), _CPU, _MEMORY, _SLOTS, *free)
                for number in range(_RUNNERS)
            ]
            for strategy in Strategy:
                seconds, placed = [], 0
                for _ in range(_PASSES):
                    start = time.process_time()
                    placed = len(pack(waiting, runners, strategy).placements)
                    seconds.append(time.process_time() - start)
                median = statistics.median(seconds) * 1000
                print(f"| {name} | {load} | {strategy.value} | {placed} | {median:.0f} |")


if __name__ == "__main__":
    main()
