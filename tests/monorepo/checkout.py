"""A copy of the repository to build in, with caches and a home of its own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Mapping, Optional, Tuple

BUILD_SECONDS = 1200
"""Bound on one run of Pants: a cold build of everything, on a machine with other work."""

_HIDDEN_SOURCES = {".ci", ".flake8", ".gitignore"}


def _no_sources(root: Path, folder: str, names: "list[str]") -> "set[str]":
    """What must not be copied: built images and caches, which a test's sandbox has at its root."""
    if Path(folder) != root:
        return set()
    hidden = {name for name in names if name.startswith(".")} - _HIDDEN_SOURCES
    return hidden | {"blobs", "dist", "images", "referrers", "tests.monorepo"}


def copy_sources(source: Path, root: Path) -> None:
    """Copy a repository, or what a test's sandbox has of it, to a path where there is nothing."""
    shutil.copytree(
        source,
        root,
        symlinks=True,
        ignore=lambda folder, names: _no_sources(source, folder, names),
    )


@dataclass(frozen=True)
class Run:
    """What a run of Pants said."""

    exit_code: int
    output: str

    def built(self) -> "set[str]":
        """Targets of the layers that this run built, by the table that it printed."""
        return {target for target, word in self._table() if word == "built"}

    def reused(self) -> "set[str]":
        """Targets of the layers that this run found built."""
        return {target for target, word in self._table() if word.startswith("reused")}

    def counter(self, name: str) -> int:
        """What Pants counted, when it ran with `--stats-log`."""
        match = re.search(rf"^  {name}: (\d+)$", self.output, re.MULTILINE)
        assert match is not None, f"no counter {name} in:\n{self.output}"
        return int(match[1])

    def _table(self) -> "list[Tuple[str, str]]":
        rows = (line.split() for line in self.output.splitlines() if " sha256:" in line)
        # Target, size and its unit, diffID, and where it came from, in one or more words.
        return [(row[0], row[4]) for row in rows if row[0].startswith(("layers/", "tests/"))]


def run_of(process: "subprocess.Popen[str]") -> Run:
    """What a process says to its end, or to that of its time. It leads a process group."""
    try:
        output, _ = process.communicate(timeout=BUILD_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return Run(process.returncode, output)


class Checkout:
    """A copy of the repository.

    Args:
        source: The repository.
        root: Where the copy goes; it must not exist.
        caches: Folder for all that a build keeps, and for HOME.
        env: Variables that differ from this process's.
        user: Id of the user who builds, if it is not this process's. It takes root.
    """

    def __init__(
        self,
        source: Path,
        root: Path,
        caches: Path,
        env: Mapping[str, str],
        user: Optional[int] = None,
    ) -> None:
        self.root = root
        self.caches = caches
        self._prefix: "list[str]" = []
        copy_sources(source, root)
        home = caches / "home"
        home.mkdir(parents=True)
        sandboxes = caches / "sandboxes"
        sandboxes.mkdir()
        launcher_cache = os.environ.get("XDG_CACHE_HOME") or f"{os.environ['HOME']}/.cache"
        self._env: Dict[str, str] = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PANTS_")},
            # The launcher's one-time set-up is not part of a build: it is shared.
            "XDG_CACHE_HOME": launcher_cache,
            "HOME": str(home),
            "PANTS_LOCAL_STORE_DIR": str(caches / "store"),
            "PANTS_NAMED_CACHES_DIR": str(caches / "named"),
            # What a killed daemon leaves goes with the test's folder.
            "PANTS_LOCAL_EXECUTION_ROOT_DIR": str(sandboxes),
            # Tests read which layers were built.
            "PANTS_PACKAGE_LAYERS": "true",
            "PANTS_PANTSD_TIMEOUT_WHEN_MULTIPLE_INVOCATIONS": "60",
            **env,
        }
        if user is not None:
            for folder in (root, caches):
                subprocess.run(["chown", "--recursive", f"{user}:{user}", str(folder)], check=True)
            # The launcher's set-up and the interpreter may lie in a home that is closed to others.
            capability = "+dac_read_search"
            self._prefix = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
            self._prefix += [f"--inh-caps={capability}", f"--ambient-caps={capability}"]

    def set_env(self, name: str, value: str) -> None:
        """Give the runs to come another variable."""
        self._env[name] = value

    def start(self, *args: str, umask: int = 0o022) -> "subprocess.Popen[str]":
        """Start Pants in a process group of its own."""
        return subprocess.Popen(
            [*self._prefix, "./pants", *args],
            cwd=self.root,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: os.umask(umask) and None,
        )

    def pants(self, *args: str, umask: int = 0o022) -> Run:
        """Run Pants to its end."""
        return run_of(self.start(*args, umask=umask))

    def stop_daemon(self) -> None:
        """End this copy's `pantsd`, and what it has started, at once."""
        for pidfile in self.root.glob(".pids/*/pantsd/pid"):
            pid = int(pidfile.read_text())
            try:
                os.killpg(os.getpgid(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def edit(self, path: str, old: Optional[str], new: str) -> None:
        """Replace `old`, which must be there, or append where it is None."""
        file = self.root / path
        text = file.read_text()
        if old is not None:
            assert old in text, f"{path} has no {old!r}"
            text = text.replace(old, new, 1)
        else:
            text += new
        file.write_text(text)

    def layers(self) -> Dict[str, str]:
        """The digests of all layers' blobs below `dist` by target; each blob must be whole."""
        return whole_layers(self.root / "dist")

    def diff_ids(self, image: str) -> "list[str]":
        """The layers' identities of an image below `dist`, from the bottom to the top."""
        return image_diff_ids(self.root / "dist", image)

    def digest(self, image: str) -> str:
        """The manifest's digest of an image below `dist`."""
        return image_digest(self.root / "dist", image)


def machine_caches() -> Dict[str, str]:
    """Variables for a copy that shares the caches of this machine, where they prove nothing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pants"
    return {
        "PANTS_LOCAL_STORE_DIR": str(cache / "lmdb_store"),
        "PANTS_NAMED_CACHES_DIR": str(cache / "named_caches"),
    }


def whole_layers(dist: Path) -> Dict[str, str]:
    """The digests of the blobs of all layers below `dist` by target; each blob must be whole."""
    found = {}
    for path in sorted((dist / "layers").glob("*.json")):
        descriptor = json.loads(path.read_text())
        if "diffID" in descriptor:
            found[descriptor["target"]] = descriptor["digest"]
    for digest in found.values():
        content = (dist / "blobs" / digest.replace(":", "/")).read_bytes()
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == digest
    return found


def image_digest(dist: Path, image: str) -> str:
    """The digest of the manifest in the layout `images/<image>`."""
    index = json.loads((dist / "images" / image / "index.json").read_text())
    digest: str = index["manifests"][0]["digest"]
    return digest


def image_diff_ids(dist: Path, image: str) -> "list[str]":
    """The diffIDs in the config of the layout `images/<image>`."""
    blobs = dist / "blobs"

    def read(digest: str) -> Dict[str, Dict]:
        document: Dict[str, Dict] = json.loads((blobs / digest.replace(":", "/")).read_text())
        return document

    manifest = read(image_digest(dist, image))
    diff_ids: "list[str]" = read(manifest["config"]["digest"])["rootfs"]["diff_ids"]
    return diff_ids
