from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from astronomer.runtime.concurrency.resources import MIB
from astronomer.runtime.executor.isolation.memory_monitor import (
    LONGEST,
    SHORTEST,
    Measured,
    MemoryMonitor,
    Pressure,
)
from astronomer.runtime.executor.isolation.proportional_memory import Memory, memory_of, tree_memory
from astronomer.runtime.kernel import end_with_parent
from astronomer.runtime.process_table import ProcessTable

CAPACITY = 4096 * MIB


def machine(root: Path, available: int) -> Path:
    """A machine with so many bytes left."""
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    (root / "proc/self/cgroup").write_text("0::/\n")
    (root / "proc/meminfo").write_text(f"MemAvailable: {available // 1024} kB\n")
    return root


def measured(now: int, limit: int) -> Measured:
    return Measured(1, limit * MIB, now=now * MIB)


def monitor(root: Path, available: int) -> MemoryMonitor:
    made = MemoryMonitor(CAPACITY, root=machine(root, available))
    made.look([], None)
    return made


def test_the_one_furthest_above_its_request_is_chosen(tmp_path: Path) -> None:
    tasks = [measured(90, 100), measured(110, 100), measured(900, 500), measured(5000, 0)]
    assert monitor(tmp_path, CAPACITY).chosen(tasks) is tasks[2]
    assert monitor(tmp_path, CAPACITY).chosen([tasks[0], tasks[3]]) is None


def test_with_no_memory_left_the_largest_without_a_request_is_chosen(tmp_path: Path) -> None:
    tasks = [measured(900, 1000), measured(200, 0), measured(300, 0)]
    scarce = monitor(tmp_path, 10 * MIB)
    assert scarce.is_scarce and scarce.chosen(tasks) is tasks[2]
    # Who keeps to the request is not ended for others.
    assert scarce.chosen(tasks[:1]) is None


def test_it_looks_more_often_when_memory_runs_short(tmp_path: Path) -> None:
    assert monitor(tmp_path, 64 * 1024 * MIB).pause == LONGEST
    assert monitor(tmp_path, 0).pause <= LONGEST / 2
    assert monitor(tmp_path, 0).pause >= SHORTEST


def test_pressure_is_the_part_of_the_time_that_some_process_waited(tmp_path: Path) -> None:
    (tmp_path / "pressure").mkdir()
    file = tmp_path / "pressure/memory"
    file.write_text("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 total=0\n")
    pressure = Pressure(tmp_path)
    assert pressure.since_last() == 0
    file.write_text("some avg10=0.00 avg60=0.00 avg300=0.00 total=900000000\n")
    assert pressure.since_last() > 0.1


def test_a_kernel_without_pressure_has_none(tmp_path: Path) -> None:
    pressure = Pressure(tmp_path)
    assert [pressure.since_last(), pressure.since_last()] == [0, 0]


@pytest.fixture
def sleeper() -> Iterator[int]:
    started = subprocess.Popen(["sleep", "600"], preexec_fn=end_with_parent)
    yield started.pid
    started.kill()
    started.wait()


def test_proportional_memory_is_no_more_than_the_resident(sleeper: int) -> None:
    found = memory_of(sleeper)
    resident = ProcessTable.read().processes[sleeper].resident
    assert found is not None and 0 < found.private + found.shared <= resident


@pytest.mark.parametrize("lacks", ["smaps_rollup", "both"])
def test_kernels_that_do_not_tell_proportions(sleeper: int, lacks: str, tmp_path: Path) -> None:
    folder = tmp_path / str(sleeper)
    folder.mkdir()
    for name in ("statm", *(["smaps"] if lacks == "smaps_rollup" else [])):
        (folder / name).write_text(Path(f"/proc/{sleeper}/{name}").read_text())
    found, true = memory_of(sleeper, tmp_path), memory_of(sleeper)
    assert found is not None and true is not None
    assert abs(found.private - true.private) < 2 * MIB
    if lacks == "smaps_rollup":
        # One adds up bytes, the other what was rounded to KiB.
        assert abs(found.shared - true.shared) < MIB


def test_a_process_that_has_gone_has_no_memory() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    assert memory_of(gone.pid) is None


def test_what_a_task_shares_with_the_warm_parent_is_left_out() -> None:
    parent = Memory(private=1, shared=40)
    assert tree_memory([Memory(10, 40), Memory(5, 30)], parent) == 15
    assert tree_memory([Memory(10, 100)], parent) == 70
    assert tree_memory([Memory(10, 40)], None) == 50
