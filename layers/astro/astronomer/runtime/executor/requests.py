"""What a task asks for: CPU, memory and slots, in its DAG and by the operator's options."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping

from astronomer.runtime import options
from astronomer.runtime.executor.quantities import InvalidQuantity, cpu_millis, memory_bytes, slots

KEY = "astronomer"
"""The key of `executor_config` below which a task's request stands."""

_READERS: Dict[str, Callable[[Any], int]] = {
    "cpu": cpu_millis,
    "memory": memory_bytes,
    "slots": slots,
}

NAMES = tuple(_READERS)


@dataclass(frozen=True)
class TaskRequest:
    """What is reserved for a task for as long as it runs."""

    cpu_millis: int
    """Thousandths of a core; 0 reserves none."""

    memory_bytes: int
    """0 reserves none."""

    slots: int


def checked(request: Any) -> Dict[str, int]:
    """The amounts that a request names, by `cpu`, `memory` and `slots`.

    Args:
        request: As the author of a DAG wrote it: a mapping of these names to amounts.

    Raises:
        InvalidQuantity: It is something else.
    """
    if not isinstance(request, Mapping):
        raise InvalidQuantity(f"the request is {request!r}; set it to a dict of cpu, memory, slots")
    unknown = sorted(str(name) for name in request if name not in _READERS)
    if unknown:
        raise InvalidQuantity(
            f"`{unknown[0]}` is not among what can be asked for; use {', '.join(NAMES)}"
        )
    return {str(name): _READERS[name](value) for name, value in request.items()}


class Defaults:
    """What tasks get that do not ask, by the operator's options."""

    def __init__(self, read: options.Reader = options.from_airflow) -> None:
        """Read `task_cpu`, `task_memory`, `task_slots` and, by queue, `queue_requests`.

        Raises:
            InvalidOption: One of them is wrong.
        """
        self._for_all = {"cpu": 0, "memory": 0, "slots": 1}
        for name, reader in _READERS.items():
            value = options.text(f"task_{name}", read=read)
            if value:
                try:
                    self._for_all[name] = reader(value)
                except InvalidQuantity as error:
                    wanted = str(error).partition("set it to ")[2]
                    raise options.InvalidOption(f"task_{name}", value, wanted) from None
        self._by_queue = self._read_queues(options.text("queue_requests", "{}", read=read))

    def request(self, executor_config: Any, queue: str) -> TaskRequest:
        """The whole request of a task.

        Args:
            executor_config: The task's; anything but a dict asks for nothing here.
            queue: The task's.

        Raises:
            InvalidQuantity: What the task asks for is wrong.
        """
        own = executor_config.get(KEY) if isinstance(executor_config, Mapping) else None
        asked = checked(own) if own is not None else {}
        amounts = {**self._for_all, **self._by_queue.get(queue, {}), **asked}
        return TaskRequest(amounts["cpu"], amounts["memory"], amounts["slots"])

    @staticmethod
    def _read_queues(value: str) -> Dict[str, Dict[str, int]]:
        try:
            return {queue: checked(request) for queue, request in json.loads(value).items()}
        except (ValueError, AttributeError):
            raise options.InvalidOption(
                "queue_requests", value, 'a JSON object such as {"etl": {"memory": "2Gi"}}'
            ) from None
