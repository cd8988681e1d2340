"""A private engine: one `dockerd` with everything of its own in one temporary folder.

It has no bridge and no firewall rules. Containers that must meet share a network namespace
(`network_mode="container:..."`), builds use the host's; so any number of such engines, and one that
the machine already runs, never see each other.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Iterator, List, Optional

from tests.engine.connection import answers
from tests.engine.errors import EngineFailed, NoEngine, TimedOut
from tests.engine.mounts import filesystem_of, mounted_below
from tests.engine.waiting import wait_for

PREFIX = "astro-engine-"

_START_SECONDS = 60
_STOP_SECONDS = 30
_LOG_TAIL = 4000
# Administrators' programs are not on everybody's PATH.
_SEARCH_PATH = os.pathsep.join(
    [os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"]
)
# An engine's own storage cannot lie on these: they cannot be the upper side of an overlay mount.
_UNFIT = {"overlay", "tmpfs", "ramfs"}
_PR_SET_PDEATHSIG = 1


@contextmanager
def private_engine() -> Iterator[str]:
    """Runs a private engine for as long as the block lasts, and leaves nothing behind.

    Yields:
        The engine's address, `unix:///...`.

    Raises:
        NoEngine: This machine or this user cannot start one.
        EngineFailed: It was started and did not answer in time.
    """
    dockerd = _dockerd()
    remove_abandoned(_place())
    # The name is a containerd namespace too, which may not hold all that mkdtemp writes.
    folder = _place() / f"{PREFIX}{uuid.uuid4().hex[:12]}"
    folder.mkdir(mode=0o700)
    lock = _lock(folder)
    process: Optional[subprocess.Popen[bytes]] = None
    try:
        process = _start(dockerd, folder)
        address = f"unix://{folder}/engine.sock"
        _await(process, folder, address)
        yield address
    finally:
        if process is not None:
            _stop(process)
        _remove(folder)
        if lock is not None:
            lock.close()


def remove_abandoned(place: Path) -> None:
    """Removes what engines of killed test runs left in `place`.

    A run that lives holds a lock on its folder; the kernel drops it with the run.
    """
    for folder in place.glob(f"{PREFIX}*"):
        lock = _lock(folder)
        if lock is not None:
            with lock:
                _remove(folder)


def _dockerd() -> str:
    found = shutil.which("dockerd", path=_SEARCH_PATH)
    if found is None:
        raise NoEngine(
            "No container engine answers and there is no `dockerd` to start one: set DOCKER_HOST, "
            "or install Debian's package docker.io."
        )
    if os.geteuid() != 0:
        raise NoEngine(
            "No container engine answers and only root can start a private one: set DOCKER_HOST, "
            "start Docker, or run the tests as root."
        )
    return found


def _place() -> Path:
    # The socket's path must stay below 108 bytes, so never inside a deep sandbox.
    candidates = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/tmp")]
    for candidate in candidates:
        if len(str(candidate)) < 60 and filesystem_of(candidate) not in _UNFIT:
            return candidate
    return candidates[0]


def _lock(folder: Path) -> Optional[IO[str]]:
    """An open file that holds the folder's lock, or None where another process holds it."""
    try:
        handle = (folder / "lock").open("a")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


def _start(dockerd: str, folder: Path) -> subprocess.Popen[bytes]:
    # Or the machine's own /etc/docker/daemon.json would contradict the flags.
    (folder / "daemon.json").write_text("{}\n")
    # A containerd that the machine already runs would be shared: then not its containers.
    namespace = folder.name
    argv = [
        dockerd,
        f"--config-file={folder}/daemon.json",
        f"--host=unix://{folder}/engine.sock",
        f"--data-root={folder}/data",
        f"--exec-root={folder}/exec",
        f"--pidfile={folder}/engine.pid",
        f"--containerd-namespace={namespace}",
        f"--containerd-plugins-namespace={namespace}-plugins",
        "--bridge=none",
        "--iptables=false",
        "--ip6tables=false",
    ]
    environment = {**os.environ, "PATH": _SEARCH_PATH}
    # Set for itself, DOCKER_HOST and its kin would mean nothing good to a daemon.
    environment.pop("DOCKER_HOST", None)
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
            # Ctrl-C is for the tests, which then stop the engine in order.
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _await(process: subprocess.Popen[bytes], folder: Path, address: str) -> None:
    try:
        wait_for(
            "the engine to answer",
            lambda: process.poll() is not None or answers(address),
            _START_SECONDS,
        )
    except TimedOut:
        raise EngineFailed(
            f"The private engine did not answer within {_START_SECONDS} s.\n{_log_tail(folder)}"
        ) from None
    if process.poll() is not None:
        raise EngineFailed(
            f"The private engine ended with code {process.returncode} instead of answering.\n"
            f"{_log_tail(folder)}"
        )


def _log_tail(folder: Path) -> str:
    return (folder / "log").read_text(errors="replace")[-_LOG_TAIL:]


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _remove(folder: Path) -> None:
    # After a SIGKILL the engine's containerd and shims live on; each names the folder it serves.
    for pid in _processes_of(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for point in mounted_below(folder):
        subprocess.run(["umount", "--lazy", str(point)], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


def _processes_of(folder: Path) -> List[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        program = os.path.basename(arguments[0])
        if program.startswith((b"dockerd", b"containerd")) and any(
            str(folder).encode() in argument for argument in arguments
        ):
            found.append(int(entry.name))
    return found
