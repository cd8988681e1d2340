"""A Debian 12 with nothing added, which sees nothing of this machine but its network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, Mapping

from tests.monorepo.checkout import Run, copy_sources, run_of

USER = "builder"
"""A user of the machine without any right."""

REPOSITORY = "/home/builder/repository"
"""Where the repository lies in the machine; it is the user's."""

_BUNDLE = "/etc/authorities.crt"

_MOUNTS = """\
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount --rbind /dev "$ROOT/dev"
mount -t proc none "$ROOT/proc"
mount -t tmpfs none "$ROOT/run"
touch "$ROOT/etc/resolv.conf"
mount --bind /etc/resolv.conf "$ROOT/etc/resolv.conf"
cd "$ROOT"
"""

# Makes the folder the root of what follows, in the memory of one process, as the machine has no
# `umount`. By `pivot_root`, since the kernel makes no user namespace below `chroot`, and a user's
# builds need one.
_ENTER = """\
import ctypes, os, subprocess, sys
root, mounts, folder, user, *command = sys.argv[1:]
subprocess.run(["sh", "-ec", mounts], env={**os.environ, "ROOT": root}, check=True)
os.chdir(root)
subprocess.run(["pivot_root", ".", "mnt"], check=True)
libc = ctypes.CDLL(None, use_errno=True)
detach = 2
if libc.umount2(b"/mnt", detach):
    raise OSError(ctypes.get_errno(), "umount2")
os.chdir(folder)
ids = [f"--reuid={user}", f"--regid={user}", "--init-groups"]
os.execvp("setpriv", ["setpriv", *ids, "--", *command])
"""


class FreshMachine:
    """The machine. It takes root to make one.

    Args:
        blob: Our layer of Debian 12, a tar packed with gzip.
        root: Folder for its file system; it must not exist.
        repository: What to copy into it.
    """

    def __init__(self, blob: Path, root: Path, repository: Path) -> None:
        self._root = root
        root.mkdir(mode=0o755)
        subprocess.run(
            ["tar", "-C", str(root), "-xzf", str(blob), "--numeric-owner", "-p"], check=True
        )
        self._env: Dict[str, str] = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "CI": "true",
        }
        # Where something reads this machine's connections, it reads the fresh machine's too.
        if os.environ.get("REQUESTS_CA_BUNDLE"):
            shutil.copy(os.environ["REQUESTS_CA_BUNDLE"], root / _BUNDLE[1:])
            self._env["SSL_CERT_FILE"] = _BUNDLE
        (root / REPOSITORY[1:]).parent.mkdir(parents=True)
        copy_sources(repository, root / REPOSITORY[1:])
        made = self.run(
            "sh", "-ec", f"useradd --create-home {USER} && chown --recursive {USER}: /home/{USER}"
        )
        assert made.exit_code == 0, made.output

    def run(
        self,
        *command: str,
        user: str = "root",
        env: Mapping[str, str] = {},
        before: str = "",
    ) -> Run:
        """Run a command in the repository, to its end; daemons that it starts end with it.

        Args:
            user: Who runs it: `root` or USER.
            env: Variables, besides PATH, HOME and certificates.
            before: A shell script that this machine's root runs before, in the fresh machine's
                root folder, for mounts that the command sees.
        """
        home = "/root" if user == "root" else f"/home/{user}"
        # One of processes too, so that daemons end with the run.
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        process = subprocess.Popen(
            [*namespaces, sys.executable, "-c", _ENTER, str(self._root), _MOUNTS + before]
            + [REPOSITORY, user, *command],
            env={**self._env, "HOME": home, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return run_of(process)

    @property
    def dist(self) -> Path:
        """What builds in the repository left."""
        return self._root / REPOSITORY[1:] / "dist"

    def home(self, user: str) -> Path:
        """The home of a user who is not root."""
        return self._root / "home" / user
