from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, Iterator

import pytest
from astronomer.runtime.executor.conftest import airflow_environment
from astronomer.runtime.executor.connection import Database
from astronomer.runtime.kernel import end_with_parent
from astronomer.runtime.testing.allocations import Sql, add_runner, queue_task

DOCUMENTED = Path(__file__).parents[3] / "docs" / "executor_status.md"


@pytest.fixture
def statsd() -> Iterator[socket.socket]:
    """A socket of loopback that gets what is sent to statsd."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(1)
        yield made


@pytest.fixture
def allocator(deployment: Database, tmp_path: Path, statsd: socket.socket) -> Iterator[None]:
    """A process that decides, and sends its numbers there."""
    environ = {
        **airflow_environment(deployment.url, tmp_path),
        "AIRFLOW__METRICS__STATSD_ON": "True",
        "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
        "AIRFLOW__METRICS__STATSD_PORT": str(statsd.getsockname()[1]),
        "AIRFLOW__METRICS__STATSD_PREFIX": "mine",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "astronomer.runtime.executor.allocator"],
        env=environ,
        stdin=subprocess.PIPE,
        preexec_fn=end_with_parent,
    )
    yield
    process.kill()
    process.communicate()


def wait_for(statsd: socket.socket, name: str, value: int) -> Dict[str, int]:
    """All gauges, once one of them has a value."""
    found: Dict[str, int] = {}
    end = time.monotonic() + 120
    while found.get(name) != value:
        assert time.monotonic() < end, found
        try:
            text, _, kind = statsd.recv(4096).decode().partition("|")
        except socket.timeout:
            continue
        if kind == "g":
            found[text.partition(":")[0]] = int(text.partition(":")[2])
    return found


@pytest.mark.usefixtures("allocator")
def test_the_one_that_decides_sends_the_numbers_of_each_queue(
    sql: Sql, statsd: socket.socket
) -> None:
    add_runner(sql)
    queue_task(sql, "placed", slots=2, cpu_millis=500)
    queue_task(sql, "waits", queue="big one.2", slots=3)
    # Of the name, only what statsd takes.
    waiting = "mine.runtime_executor.queue.big_one_2.waiting_slots"
    wait_for(statsd, waiting, 3)
    found = wait_for(statsd, "mine.runtime_executor.queue.default.slots", 16)
    found.update(wait_for(statsd, "mine.runtime_executor.queue.default.reserved_cpu_millis", 500))
    found.update(wait_for(statsd, "mine.runtime_executor.queue.default.waiting_tasks", 0))
    # What is no more is 0, and does not keep its last value.
    sql("DELETE FROM astronomer_allocation WHERE queue <> 'default'")
    found.update(wait_for(statsd, waiting, 0))
    names = {name.rpartition(".")[2] for name in found}
    section = DOCUMENTED.read_text().partition("## Gauges")[2].partition("\n## ")[0]
    assert names <= set(re.findall(r"`([a-z_]+)`", section))


def test_without_statsd_airflow_is_not_imported() -> None:
    code = (
        "import sys; from astronomer.runtime.executor.gauges import Gauges;"
        "print(Gauges.of_environment({}), 'airflow' in sys.modules)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    assert printed == "None False\n"
