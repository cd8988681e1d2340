"""Installs packages with `mmdebstrap`, offline, and gives the tar of the system."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from debian.sandbox.repack import repack_all
from oci.sandbox.errors import SandboxError

_PROGRAMS = {"mmdebstrap": "mmdebstrap", "apt-ftparchive": "apt-utils", "dpkg-deb": "dpkg"}
_PROGRAMS_UNPRIVILEGED = {**_PROGRAMS, "newuidmap": "uidmap"}

# What an installation takes for each byte that it starts from: the packages unpacked, apt's copy of
# them, and the system.
_GROWTH = 11

# Memory that an installation may use as a disk.
_MEMORY = 1 << 30

_PREFIX = "debian-layer-"

_END = re.compile(r"[.:\s]+$")

# mmdebstrap of Debian 12 installs apt with the essential packages, that of Debian 13 only if it is
# one. The order of installations is in the layer's bytes.
_APT = re.compile(r"^Package: apt\n", re.MULTILINE)

_HASHES = ("MD5", "SHA1", "SHA512")


def check_tools(path: str) -> None:
    """Look for the host's programs on this PATH.

    Raises:
        SandboxError: one is missing.
    """
    programs = _PROGRAMS if os.geteuid() == 0 else _PROGRAMS_UNPRIVILEGED
    for program, package in programs.items():
        if not shutil.which(program, path=path):
            raise SandboxError(
                f"`{program}` is missing on this machine. Install it with `apt-get install "
                f"{package}`."
            )


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists() and os.geteuid() != 0:
        # Files of the users that the system in it has.
        as_root = ["unshare", "--map-root-user", "--map-auto", "rm", "-rf", str(folder)]
        subprocess.run(as_root, stderr=subprocess.DEVNULL)


def _locked(folder: Path) -> Optional[int]:
    """A descriptor that locks a folder until it is closed; None if another process has locked it.

    However a process ends, its locks go with it.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _remove_abandoned(parent: Path) -> None:
    """Remove folders of builds that were killed."""
    mounts = Path("/proc/self/mounts").read_text()
    for folder in parent.glob(f"{_PREFIX}*"):
        handle = _locked(folder)
        if handle is None:
            continue
        if str(folder) not in mounts:
            _remove(folder)
        os.close(handle)


def _new_folder(parent: Path) -> Tuple[Path, int]:
    """An empty folder and the descriptor that locks it."""
    while True:
        # The number is for people who wonder whose it is.
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
        handle = _locked(folder)
        # Another build may have taken it for abandoned before the lock.
        if handle is not None and folder.exists():
            return folder, handle
        if handle is not None:
            os.close(handle)


@contextmanager
def workspace(input_size: int) -> Iterator[Path]:
    """A folder that the users of an unprivileged installation can enter; removed afterwards.

    It lies in memory where there is plenty: an installation is tens of thousands of small writes.

    Args:
        input_size: Bytes of the packages and layers that the installation starts from.
    """
    memory, disk = Path("/dev/shm"), Path("/tmp")
    for parent in (memory, disk):
        _remove_abandoned(parent)
    parent = disk
    if input_size * _GROWTH <= _MEMORY and os.access(memory, os.W_OK):
        status = os.statvfs(memory)
        if status.f_bavail * status.f_frsize >= 2 * _MEMORY:
            parent = memory
    folder, lock = _new_folder(parent)
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        _remove(folder)
        os.close(lock)


def make_repository(debs: Sequence[Path], folder: Path, suite: str, env: Dict[str, str]) -> None:
    """Make a repository of package files that apt installs from.

    Args:
        debs: The files.
        folder: Where it goes; it must not exist.
        suite: The codename that its Release file gives. mmdebstrap since 1.5, of Debian 13, takes
            essential packages from a repository of that name alone.
        env: The host's environment.

    Raises:
        SandboxError: a file is not a Debian package.
    """
    folder.mkdir()
    repack_all(debs, folder)
    options = [f"--option=APT::FTPArchive::{name}=false" for name in _HASHES]
    options.append(f"--option=APT::FTPArchive::Release::Codename={suite}")
    for what, file in {"packages": "Packages", "release": "Release"}.items():
        result = subprocess.run(
            ["apt-ftparchive", *options, what, "."],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
        )
        if result.returncode or "E: " in result.stderr:
            raise SandboxError(f"The packages cannot be read: {_reason(result.stderr)}.")
        (folder / file).write_text(_APT.sub(r"\g<0>Essential: yes\n", result.stdout))


def _reason(log: str) -> str:
    """What went wrong, of all that the tools wrote."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for sign in ("No space left", "dpkg: error", "E: "):
        for line in lines:
            if sign in line and "mmdebstrap failed" not in line:
                return _END.sub("", line.replace("E: ", "", 1))
    return _END.sub("", lines[-1]) if lines else "there is no message"


def _confined(env: Dict[str, str]) -> List[str]:
    """What a command starts with so that it ends with this process, and its mounts with it.

    Whoever is killed cannot clean up. Without root, mmdebstrap makes namespaces itself.
    """
    prefix = ["setpriv", "--pdeathsig=KILL"]
    namespaces = ["unshare", "--mount", "--mount-proc", "--pid", "--fork", "--kill-child"]
    if os.geteuid() == 0:
        # In a container, root may lack the right.
        probe = subprocess.run([*namespaces, "true"], env=env, stderr=subprocess.DEVNULL)
        if probe.returncode == 0:
            prefix += namespaces
    return prefix


def install(
    address: str,
    suite: str,
    packages: Sequence[str],
    repository: Path,
    hooks: Sequence[str],
    output: Path,
    env: Dict[str, str],
) -> None:
    """Install packages, and all their scripts do, into a system of their own; write its tar.

    Args:
        address: Of the target, for errors.
        packages: What to install, on top of Debian's essential packages.
        repository: What to install it from; see `make_repository`.
        hooks: Options of mmdebstrap that run commands at its stages.
        output: The tar to write.
        env: The host's environment; `SOURCE_DATE_EPOCH` must be set.

    Raises:
        SandboxError: the installation failed. The message has the reason that dpkg or apt gave.
    """
    command: List[str] = [
        *_confined(env),
        "mmdebstrap",
        "--mode=root" if os.geteuid() == 0 else "--mode=unshare",
        "--variant=apt",
        "--format=tar",
        "--quiet",
        # Nothing is downloaded that a signature or an emulator could be needed for.
        "--skip=check/qemu,check/signed-by,cleanup/apt",
        "--dpkgopt=force-unsafe-io",
        "--dpkgopt=force-confdef",
        *hooks,
        f"--include={','.join(packages)}",
        suite,
        "-",
        f"deb [trusted=yes] copy:{repository} ./",
    ]
    log = output.with_suffix(".log")
    with output.open("wb") as tar, log.open("wb") as messages:
        # The umask and the locale of whoever builds are not part of the input.
        process = subprocess.run(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=tar,
            stderr=messages,
            umask=0o022,
        )
    if process.returncode:
        reason = _reason(log.read_text(errors="replace"))
        raise SandboxError(f"{address}: the packages cannot be installed: {reason}.")


def shell_hook(stage: str, script: Path) -> str:
    """The option that runs a shell script, given the system's folder, at a stage of mmdebstrap."""
    return f'--{stage}-hook=sh -e {shlex.quote(str(script))} "$1"'
