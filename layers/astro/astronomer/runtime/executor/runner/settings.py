"""A runner's settings: of its command line, the operator's options, and its container."""

from __future__ import annotations

import argparse
import socket
from typing import Mapping, NamedTuple, Optional

from astronomer.runtime import options
from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.concurrency.resources import measure
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.executor import quantities
from astronomer.runtime.executor.quantities import InvalidQuantity
from astronomer.runtime.executor.runner.registration import Capacity, Identity, parse_queues

OWN_MEMORY = 256 * 1024**2
"""What a runner itself takes of its container's memory, with its warm parent."""

DEFAULT_SLOTS = 16

_MOST_SLOTS = 4096


class Settings(NamedTuple):
    """What a runner is started with."""

    identity: Identity
    drain_seconds: float
    logs_json: bool


def read(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Settings:
    """The settings of a runner.

    Args:
        arguments: `name`, `queues`, `cpu`, `memory`, `slots`; each None where it is not given.
        environ: The container's variables.

    Raises:
        ConfigurationError: One of them is wrong, or the container's limits cannot be read.
    """
    sources = Sources(environ)

    def option(name: str) -> str:
        return sources.value(options.SECTION, name)

    queues = arguments.queues or option("runner_queues")
    queues = queues or sources.value("operators", "default_queue") or "default"
    identity = Identity(
        name=arguments.name or option("runner_name") or socket.gethostname(),
        queues=tuple(parse_queues(queues)),
        version=".".join(map(str, airflow_version())),
        capacity=_capacity(arguments, option),
        lease_seconds=options.number("runner_lease_seconds", 15, 2, 600, read=option),
    )
    log = options.text("runner_log", "text", read=option)
    if log not in ("text", "json"):
        raise options.InvalidOption("runner_log", log, "text or json")
    drain = options.number("runner_drain_seconds", 600, read=option)
    return Settings(identity, drain, log == "json")


def _capacity(arguments: argparse.Namespace, option: options.Reader) -> Capacity:
    def given(name: str) -> Optional[str]:
        return getattr(arguments, name) or option(f"runner_{name}") or None

    cpu, memory, slots = given("cpu"), given("memory"), given("slots")
    try:
        cpu_millis = quantities.cpu_millis(cpu) if cpu else 0
        memory_bytes = quantities.memory_bytes(memory) if memory else 0
        count = quantities.slots(slots, _MOST_SLOTS) if slots else DEFAULT_SLOTS
    except InvalidQuantity as error:
        raise ConfigurationError(f"the runner's {error}.") from None
    if not cpu_millis or not memory_bytes:
        try:
            found = measure()
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"the container's limits are unknown ({error}); give --cpu and --memory."
            ) from None
        cpu_millis = cpu_millis or int(found.cpus * 1000)
        memory_bytes = memory_bytes or max(found.memory - OWN_MEMORY, found.memory // 2)
    return Capacity(cpu_millis, memory_bytes, count)
