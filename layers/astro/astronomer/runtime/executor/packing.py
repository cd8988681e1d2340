"""Which runner gets which task: pure functions over what waits and what is free."""

from __future__ import annotations

from bisect import bisect_left, insort
from enum import Enum
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from astronomer.runtime.executor.quantities import shown_cpu, shown_memory

AGEING_SECONDS = 60.0
"""A task that has waited this long counts as one of a priority higher by one."""

PATIENCE_SECONDS = 120.0
"""After this long a runner is kept free of others for a task that found no room: big tasks would
otherwise wait for as long as small ones come."""


class Strategy(Enum):
    """Where a task goes that has room on several runners. The values are those of the option."""

    MAX_PACKING = "MaxPackingStrategy"
    """To the fullest, so that others empty and can be taken away."""

    EVEN_SPREAD = "EvenSpreadStrategy"
    """To the emptiest."""


class Waiting(NamedTuple):
    """A task without a runner."""

    id: int
    queue: str
    priority: int
    waited_seconds: float
    cpu_millis: int
    memory_bytes: int
    slots: int


_Asked = Tuple[int, int, int]
"""What a task asks for: the last three of `Waiting`, which `task[4:]` gives."""


class Runner(NamedTuple):
    """A runner that takes tasks."""

    id: int
    queues: Tuple[str, ...]

    cpu_millis: int
    """All that it has; so are the next two."""

    memory_bytes: int
    slots: int

    free_cpu_millis: int
    """What is not reserved; so are the next two. Negative where a runner came back smaller."""

    free_memory_bytes: int
    free_slots: int


class Plan(NamedTuple):
    """What a pass decides."""

    placements: List[Tuple[int, int]]
    """Task and runner, by their ids."""

    impossible: Dict[int, str]
    """Why tasks, by their ids, have no place on any runner there is, however empty."""


def pack(waiting: Sequence[Waiting], runners: Sequence[Runner], strategy: Strategy) -> Plan:
    """Place what has room, the most urgent first.

    Urgent is what has the higher priority weight, with `AGEING_SECONDS` for each point; of equals,
    what came first (has the lower id).
    """
    plan = Plan([], {})
    queues = {
        name: _Queue(name, [runner for runner in runners if name in runner.queues], strategy)
        for name in {task.queue for task in waiting}
    }
    rooms = {runner.id: _Room(runner) for runner in runners}
    for queue in queues.values():
        queue.add_rooms(rooms)
    placed = set()
    for task in _most_patient(waiting, queues):
        queue = queues[task.queue]
        room = queue.find(task[4:])
        if room is None:
            queue.keep_free_for(task[4:])
        else:
            placed.add(task.id)
            plan.placements.append((task.id, room.id))
            room.take(task)
    for _, number, task in sorted(
        [
            (-(task.priority + task.waited_seconds / AGEING_SECONDS), task.id, task)
            for task in waiting
        ]
    ):
        if number in placed:
            continue
        queue, asked = queues[task.queue], task[4:]
        room = queue.find(asked)
        if room is not None:
            plan.placements.append((number, room.id))
            room.take(task)
        elif not queue.is_possible(asked):
            plan.impossible[number] = queue.impossibility(asked)
    return plan


def _most_patient(waiting: Sequence[Waiting], queues: Dict[str, _Queue]) -> List[Waiting]:
    """Of each queue, the task that has waited longest beyond `PATIENCE_SECONDS`."""
    longest: Dict[str, Waiting] = {}
    for task in waiting:
        if task.waited_seconds >= PATIENCE_SECONDS and queues[task.queue].is_possible(task[4:]):
            other = longest.get(task.queue)
            if other is None or (-task.waited_seconds, task.id) < (-other.waited_seconds, other.id):
                longest[task.queue] = task
    return list(longest.values())


class _Room:
    """What is free on a runner, and its place in the queues that it belongs to."""

    def __init__(self, runner: Runner) -> None:
        self.id = runner.id
        self.runner = runner
        # Not below zero, so that a runner that came back smaller takes what asks for nothing of it.
        self.cpu = max(runner.free_cpu_millis, 0)
        self.memory = max(runner.free_memory_bytes, 0)
        self.slots = runner.free_slots
        self.queues: List[_Queue] = []
        self.key = self._key()

    def take(self, task: Waiting) -> None:
        self.keep_free()
        self.cpu -= task.cpu_millis
        self.memory -= task.memory_bytes
        self.slots -= task.slots
        self.key = self._key()
        for queue in self.queues:
            queue.insert(self)

    def keep_free(self) -> None:
        """Be found by nobody any more."""
        for queue in self.queues:
            queue.remove(self)

    def _key(self) -> Tuple[float, int]:
        """Ascending from the fullest."""
        runner = self.runner
        free = (
            self.cpu / (runner.cpu_millis or 1)
            + self.memory / (runner.memory_bytes or 1)
            + self.slots / (runner.slots or 1)
        )
        return (free, runner.id)


class _Queue:
    """The runners of a queue, and which requests are known to find no room there."""

    def __init__(self, name: str, runners: Sequence[Runner], strategy: Strategy) -> None:
        self.name = name
        self.runners = runners
        self._fullest_first = strategy is Strategy.MAX_PACKING
        self._keys: List[Tuple[float, int]] = []
        self._rooms: Dict[int, _Room] = {}
        self._all: List[_Room] = []
        self._failed: List[_Asked] = []
        self._possible: Dict[_Asked, bool] = {}

    def add_rooms(self, rooms: Dict[int, _Room]) -> None:
        for runner in self.runners:
            room = rooms[runner.id]
            room.queues.append(self)
            self._all.append(room)
            self.insert(room)

    def insert(self, room: _Room) -> None:
        # One without slots has room for nobody.
        if room.slots > 0:
            insort(self._keys, room.key)
            self._rooms[room.id] = room

    def remove(self, room: _Room) -> None:
        if self._rooms.pop(room.id, None) is not None:
            del self._keys[bisect_left(self._keys, room.key)]

    def find(self, asked: _Asked) -> Optional[_Room]:
        """The room for a task that asks for this much."""
        if not self._keys:
            return None
        cpu, memory, slots = asked
        # Room only shrinks in a pass: what asks for as much as one that failed fails as well.
        for place, failed in enumerate(self._failed):
            if cpu >= failed[0] and memory >= failed[1] and slots >= failed[2]:
                if place:
                    # What rules out one rules out many.
                    self._failed.insert(0, self._failed.pop(place))
                return None
        for _, runner in self._keys if self._fullest_first else reversed(self._keys):
            room = self._rooms[runner]
            if slots <= room.slots and cpu <= room.cpu and memory <= room.memory:
                return room
        self._failed.insert(0, asked)
        return None

    def keep_free_for(self, asked: _Asked) -> None:
        """Give the runner that is nearest to having room for the task to nobody else."""
        able = [room for room in self._all if _could(room.runner, asked)]
        # The freest only becomes freer from pass to pass, until the task has room.
        max(able, key=lambda room: (room.key[0], -room.id)).keep_free()

    def is_possible(self, asked: _Asked) -> bool:
        """Whether a runner has as much, while nothing else runs there."""
        if asked not in self._possible:
            self._possible[asked] = any(_could(runner, asked) for runner in self.runners)
        return self._possible[asked]

    def impossibility(self, asked: _Asked) -> str:
        """Why none has as much."""
        if not self.runners:
            return f"No runner serves queue '{self.name}'."
        cpu, memory, slots = asked
        most_cpu = max(runner.cpu_millis for runner in self.runners)
        most_memory = max(runner.memory_bytes for runner in self.runners)
        most_slots = max(runner.slots for runner in self.runners)
        too_large = []
        if cpu > most_cpu:
            too_large.append(f"{shown_cpu(cpu)} where the most is {shown_cpu(most_cpu)}")
        if memory > most_memory:
            most = shown_memory(most_memory)
            too_large.append(f"{shown_memory(memory)} of memory where the most is {most}")
        if slots > most_slots:
            too_large.append(f"{slots} slots where the most is {most_slots}")
        what = ", ".join(too_large) or "CPU, memory and slots that no single one has together"
        return f"It is larger than any runner of queue '{self.name}': it asks for {what}."


def _could(runner: Runner, asked: _Asked) -> bool:
    cpu, memory, slots = asked
    return slots <= runner.slots and cpu <= runner.cpu_millis and memory <= runner.memory_bytes
