from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from astronomer.runtime.concurrency.resources import MIB
from astronomer.runtime.executor.isolation.cgroup import Cgroups
from astronomer.runtime.executor.isolation.task_process import Limits
from astronomer.runtime.kernel import end_with_parent


@pytest.fixture
def cgroups() -> Iterator[Cgroups]:
    found = Cgroups.find()
    if found is None:
        pytest.skip("This user may make no cgroups of v1 or v2 with a limit of memory here.")
    yield found
    found.close()


def folders_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cgroup").read_text()


def test_limits_are_those_that_a_task_asked_for(cgroups: Cgroups) -> None:
    made = cgroups.create("limits", Limits(1500, 300 * MIB, cap_cpu=True))
    assert made is not None
    said = {}
    for entry in made.entries:
        for path in Path(entry).parent.iterdir():
            try:
                said[path.name] = path.read_text().strip()
            except OSError:
                # Files that are to be written alone.
                continue
    made.remove()
    memory = {1: "memory.limit_in_bytes", 2: "memory.max"}[cgroups.version]
    weight, quota = {
        1: (("cpu.shares", "1536"), ("cpu.cfs_quota_us", "150000")),
        2: (("cpu.weight", "150"), ("cpu.max", "150000 100000")),
    }[cgroups.version]
    assert said[memory] == str(300 * MIB)
    assert said[weight[0]] == weight[1]
    # Some kernels are made without quotas.
    assert said.get(quota[0], quota[1]) == quota[1]


def test_one_with_a_process_stays_until_that_has_ended(cgroups: Cgroups) -> None:
    made = cgroups.create("busy", Limits(memory_bytes=300 * MIB))
    assert made is not None
    enter = ["/bin/sh", "-c", 'for e; do echo 0 > "$e"; done; echo; exec sleep 600', "sh"]
    with subprocess.Popen(
        [*enter, *made.entries], stdout=subprocess.PIPE, preexec_fn=end_with_parent
    ) as inside:
        assert inside.stdout
        inside.stdout.readline()
        assert "/busy" in folders_of(inside.pid)
        assert made.use().memory > 0
        assert not made.remove()
        inside.kill()
        inside.wait()
    assert made.remove()


def test_what_a_killed_supervisor_left_is_removed_by_the_next(cgroups: Cgroups) -> None:
    one = cgroups.create("one", Limits())
    assert one is not None
    above = Path(one.entries[0]).parent.parent
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    left = above.with_name(f"astronomer-tasks-{gone.pid}")
    (left / "1").mkdir(parents=True)
    cgroups.close()
    another = Cgroups.find()
    assert another is not None
    another.close()
    assert not left.exists() and not above.exists()


def test_without_the_right_to_make_them_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/pod\n")
    (tmp_path / "proc/self/mountinfo").write_text("1 1 0:1 / /sys/fs/cgroup ro - cgroup2 c rw\n")
    # Nothing of the kernel's is there.
    (tmp_path / "sys/fs/cgroup/pod").mkdir(parents=True)
    assert Cgroups.find(tmp_path) is None
    assert os.listdir(tmp_path / "sys/fs/cgroup/pod") == []


def test_a_folder_without_a_controller_of_memory_is_refused(tmp_path: Path) -> None:
    unified = Path("/sys/fs/cgroup/unified")
    if not os.access(unified, os.W_OK) or not (unified / "cgroup.procs").exists():
        pytest.skip("There is no cgroup v2 beside v1 here, or this user may not write it.")
    folder = unified / f"isolation-test-{os.getpid()}"
    folder.mkdir()
    try:
        assert Cgroups.find(delegated=folder) is None
        assert not [each for each in folder.iterdir() if each.is_dir()]
    finally:
        folder.rmdir()
