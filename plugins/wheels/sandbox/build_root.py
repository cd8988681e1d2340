"""A root filesystem that source distributions are built in, and cannot change.

It is a layer, unpacked once on each machine into a folder named by the blob's sha256, and seen by
a build read-only, without network, devices or processes of the host. What lies there is compared
with a seal before each use, and unpacked again where something has damaged it. Linux only: it needs
root or unprivileged user namespaces.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List

from oci.sandbox.errors import SandboxError
from oci.sandbox.layer_args import host_env, toolchain_env

WORK = "/build"
"""Where a build sees its own folder, the one place that it can write apart from /tmp."""

_DECOMPRESSORS = {b"\x1f\x8b": ["igzip", "-d", "-c"], b"\x28\xb5": ["zstd", "-d", "-q", "-c"]}

# Run by the host's shell in namespaces of its own, so all mounts vanish with it.
_ENTER = r"""
set -e
root=$1 work=$2
shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs -o mode=1777 none "$root/tmp"
mount -t tmpfs -o mode=0755 none "$root/dev"
for device in null zero full random urandom; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount --bind "$work" "$root/build"
exec chroot "$root" /usr/bin/env -i "$@"
"""


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _seal(root: Path) -> str:
    """Changes with any path below a folder, and with the size, mode or time of any file."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in (*folders, *sorted(files)):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            line = f"{path[len(str(root)) :]} {status.st_mode}"
            if not stat.S_ISDIR(status.st_mode):
                line += f" {status.st_size} {status.st_mtime_ns}"
            digest.update(os.fsencode(f"{line}\0"))
    return digest.hexdigest()


class BuildRoot:
    """An unpacked root.

    Args:
        blob: The layer's compressed tar.
        name: What the root is cached under: changes with the blob's content.
        cache: Folder of unpacked roots, shared by builds.
        tools: Folder of `igzip` and `zstd`.
    """

    def __init__(self, blob: Path, name: str, cache: Path, tools: Path) -> None:
        cache.mkdir(parents=True, exist_ok=True)
        self.path = cache.resolve() / name
        with _locked(cache / f"{name}.lock"):
            seal = cache / f"{name}.seal"
            if not self.path.exists() or not seal.exists() or seal.read_text() != _seal(self.path):
                shutil.rmtree(self.path, ignore_errors=True)
                partial = cache.resolve() / f"{name}.partial"
                # Left by a build that was killed.
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                _unpack(blob, partial, tools)
                for mount_point in ("tmp", "dev", "build"):
                    (partial / mount_point).mkdir(exist_ok=True)
                partial.rename(self.path)
                seal.write_text(_seal(self.path))

    def run(self, command: List[str], work: Path, env: Dict[str, str]) -> str:
        """Run a program in the root.

        Args:
            command: The program and its arguments, as the root knows them.
            work: The folder that it sees as `/build`.
            env: Its whole environment.

        Returns:
            What it wrote, stdout and stderr together.

        Raises:
            SandboxError: the host cannot make such a root.
            CalledProcessError: the program failed; `output` is what it wrote.
        """
        # Killed with this process, whatever kills it.
        unshare = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--pid", "--net"]
        unshare += ["--fork", "--kill-child"]
        if os.getuid():
            unshare += ["--user", "--map-root-user"]
        probe = subprocess.run(
            [*unshare, "true"], env=host_env(), capture_output=True, text=True, umask=0o022
        )
        if probe.returncode:
            raise SandboxError(
                "Source distributions are built in namespaces, which this machine does not allow "
                f"({probe.stderr.strip()}): run as root or enable unprivileged user namespaces."
            )
        variables = [f"{name}={value}" for name, value in env.items()]
        script = ["/bin/sh", "-c", _ENTER, "enter", str(self.path), str(work.resolve())]
        done = subprocess.run(
            [*unshare, *script, *variables, *command],
            env=host_env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            umask=0o022,
            check=True,
        )
        return done.stdout


def _unpack(blob: Path, folder: Path, tools: Path) -> None:
    with blob.open("rb") as stream:
        program, *options = _DECOMPRESSORS.get(stream.read(2), ["cat"])
    path = tools / program
    decompress = subprocess.Popen(
        [str(path) if path.exists() else program, *options, str(blob)],
        env=toolchain_env(),
        stdout=subprocess.PIPE,
    )
    # Device nodes need rights that a build has no need of.
    owner = "--same-owner" if os.getuid() == 0 else "--no-same-owner"
    command = ["tar", "--extract", "--numeric-owner", owner, "--same-permissions"]
    untar = subprocess.run(
        [*command, "--exclude=./dev/*", "--exclude=dev/*", "-C", str(folder)],
        env=host_env(),
        stdin=decompress.stdout,
        capture_output=True,
        text=True,
    )
    if decompress.wait() or untar.returncode:
        raise SandboxError(
            f"The build root cannot be unpacked into {folder.parent}: "
            f"{untar.stderr.strip() or 'its layer is damaged'}."
        )
