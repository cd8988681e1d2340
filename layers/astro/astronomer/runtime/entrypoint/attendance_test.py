from __future__ import annotations

import fcntl
import os
import pty
import shlex
import signal
import subprocess
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from astronomer.runtime.entrypoint.conftest import Entrypoint

BOUND = "ASTRONOMER_RUNTIME_STOP_TIMEOUT"

# What components do with signals; each says when it can be told to end.
ENDS_BY_THE_SIGNAL = "echo ready; exec sleep 60"
IGNORES_ALL = "trap '' TERM INT; echo ready; sleep 60 & wait; sleep 60"
WAITS_FOR_ITS_TASK = "trap : TERM; sleep 60 & task=$!; echo ready; wait; wait $task; exit 0"
ENDS_AT_AN_INTERRUPT = "trap '' TERM; trap 'exit 70' INT; echo ready; while :; do sleep 0.1; done"
ENDS_IN_ORDER = "trap 'echo in order; exit 0' TERM; echo ready; while :; do sleep 0.1; done"
FAILS_AT_ITS_END = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done"


@pytest.fixture
def started(entrypoint: Entrypoint) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts an Airflow command that is a shell script, and waits until it is ready."""
    processes = []

    def start(script: str, *command: str, **environ: str) -> "subprocess.Popen[str]":
        entrypoint.install("airflow", f"#!/bin/bash\n{script}\n")
        process = entrypoint.start("airflow", *command, **environ)
        processes.append(process)
        assert process.stdout and process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def ended(process: "subprocess.Popen[str]", number: signal.Signals = signal.SIGTERM) -> int:
    """The exit code after a signal; `docker stop` would kill after ten seconds."""
    process.send_signal(number)
    return process.wait(timeout=30)


@pytest.mark.parametrize(
    "script, component, code",
    [
        (ENDS_BY_THE_SIGNAL, "scheduler", 0),
        (ENDS_IN_ORDER, "scheduler", 0),
        (WAITS_FOR_ITS_TASK, "scheduler", 0),
        (IGNORES_ALL, "scheduler", 0),
        (IGNORES_ALL, "api-server", 0),
        (ENDS_AT_AN_INTERRUPT, "api-server", 0),
        (ENDS_AT_AN_INTERRUPT, "triggerer", 0),
        (ENDS_BY_THE_SIGNAL, "dag-processor", 0),
        (ENDS_BY_THE_SIGNAL, "webserver", 0),
        (FAILS_AT_ITS_END, "scheduler", 5),
    ],
)
def test_a_component_that_is_told_to_end_has_ended_within_the_bound(
    started: Callable[..., "subprocess.Popen[str]"],
    script: str,
    component: str,
    code: int,
) -> None:
    process = started(script, component, **{BOUND: "2"})

    assert ended(process) == code


def test_what_does_not_end_is_killed_with_its_children_and_a_line_says_so(
    started: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 61 & echo $$ $! > {pids}; echo ready; wait; sleep 62"
    process = started(script, "scheduler", **{BOUND: "1"})

    assert ended(process) == 0
    assert process.stderr
    assert "scheduler did not end within 1 s of being told to, and is killed" in (
        process.stderr.read()
    )
    for pid in pids.read_text().split():
        assert not Path("/proc", pid, "exe").exists()


def test_an_end_that_nobody_asked_for_keeps_its_exit_code(
    entrypoint: Entrypoint,
) -> None:
    entrypoint.install("airflow", "#!/bin/sh\nexit 3\n")
    assert entrypoint.run("airflow", "scheduler").returncode == 3
    entrypoint.install("airflow", "#!/bin/sh\nkill -KILL $$\n")
    assert entrypoint.run("airflow", "scheduler").returncode == 137


@pytest.mark.parametrize(
    "command, environ",
    [
        (["airflow", "celery", "worker"], {}),
        (["airflow", "scheduler"], {BOUND: "0"}),
        (["airflow", "dags", "list"], {}),
    ],
    ids=["a worker, which ends with its tasks", "no bound", "no component"],
)
def test_other_commands_are_what_the_entrypoint_becomes(
    entrypoint: Entrypoint, command: "list[str]", environ: "dict[str, str]"
) -> None:
    entrypoint.install("airflow", "#!/bin/sh\necho $$\n")
    process = entrypoint.start(*command, **environ)

    assert process.communicate(timeout=60)[0] == f"{process.pid}\n"


def test_other_signals_reach_the_component(started: Callable[..., "subprocess.Popen[str]"]) -> None:
    script = "trap 'exit 9' USR2; echo ready; while :; do sleep 0.1; done"

    assert ended(started(script, "scheduler"), signal.SIGUSR2) == 9


def test_a_bound_that_is_no_number_is_named(entrypoint: Entrypoint) -> None:
    result = entrypoint.run("airflow", "scheduler", **{BOUND: "soon"})

    assert (result.returncode, result.stdout) == (78, "")
    assert result.stderr.splitlines()[-1] == (
        f"astronomer-runtime: {BOUND} is 'soon'; set it to a number of seconds, "
        "or to 0 for no bound."
    )


def test_the_component_has_the_signals_that_it_would_have_by_itself(
    entrypoint: Entrypoint,
) -> None:
    look = ["grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"]
    entrypoint.install("airflow", f"#!/bin/sh\nexec {shlex.join(look)}\n")
    direct = subprocess.run(look, capture_output=True, text=True)

    def standard(status: str) -> "list[int]":
        # Without those that the C library keeps to itself.
        return [int(line.split()[1], 16) & 0x7FFFFFFF for line in status.splitlines()]

    assert standard(entrypoint.run("airflow", "scheduler").stdout) == standard(direct.stdout)


def test_an_interrupt_from_a_terminal_reaches_the_component_once(
    entrypoint: Entrypoint, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    entrypoint.install(
        "airflow",
        f"#!/bin/bash\ntrap 'echo x >> {seen}' INT\ntrap 'exit 0' TERM\n"
        "echo ready\nwhile :; do sleep 0.1; done\n",
    )
    ours, theirs = pty.openpty()

    def own_terminal() -> None:
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    process = entrypoint.popen(
        ["airflow", "scheduler"],
        {BOUND: "9"},
        stdin=theirs,
        stdout=theirs,
        preexec_fn=own_terminal,
    )
    output = b""
    while b"ready" not in output:
        output += os.read(ours, 100)
    os.write(ours, b"\x03")
    try:
        # At half of the bound it is asked once more, by another signal.
        process.wait(timeout=30)
    finally:
        process.kill()
        process.communicate()
        os.close(ours)
        os.close(theirs)

    assert seen.read_text() == "x\n"
