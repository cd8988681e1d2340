"""The container engine of this machine, by way of the `docker` command.

So DOCKER_HOST, contexts and TLS settings count. Only layers that the engine lacks are sent to it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from typing import Any, Dict, List

from oci.format.docker_archive import common_prefix, docker_archive
from oci.format.image import CONFIG_KEYS
from oci.format.layout import Layout
from oci.sandbox.errors import SandboxError

_PROGRESS_SECONDS = 3.0


class Engine:
    """The engine that the `docker` command reaches.

    Raises:
        SandboxError: there is no `docker` command, or no engine answers it.
    """

    def __init__(self, env: Dict[str, str]) -> None:
        self.env = env
        program = shutil.which("docker", path=env.get("PATH"))
        if program is None:
            raise SandboxError("There is no `docker` command: install Docker's client and engine.")
        self.docker = program
        answer = self.call("version", "--format", "{{.Server.Version}}")
        if answer.returncode:
            raise SandboxError(
                f"No container engine answers at {env.get('DOCKER_HOST', 'the default socket')}: "
                "start one, or point DOCKER_HOST at one."
            )

    def call(self, *args: str) -> "subprocess.CompletedProcess[str]":
        """Run `docker` with arguments, and take what it prints."""
        return subprocess.run([self.docker, *args], env=self.env, capture_output=True, text=True)

    def has(self, layout: Layout, reference: str) -> bool:
        """Whether the reference names this image.

        Engines know images by the digest of the config, by that of the manifest, or by that of a
        manifest that they have made themselves of what they loaded.
        """
        identity = self._inspect("{{.Id}}", reference).partition(":")
        digests = (layout.config_digest, layout.manifest_digest)
        # Podman leaves the algorithm out.
        if (identity[2] or identity[0]) in [digest.partition(":")[2] for digest in digests]:
            return True
        layers = self._inspected("{{json .RootFS.Layers}}", reference)
        return layers == list(layout.diff_ids) and _same_config(
            self._inspected("{{json .Config}}", reference), layout.config.get("config", {})
        )

    def _inspect(self, template: str, reference: str) -> str:
        answer = self.call("image", "inspect", "--format", template, reference)
        return "" if answer.returncode else answer.stdout.strip()

    def _inspected(self, template: str, reference: str) -> Any:
        try:
            return json.loads(self._inspect(template, reference))
        except ValueError:
            return None

    def layer_chains(self) -> List[List[str]]:
        """The diffIDs of every image that the engine holds."""
        ids = self.call("image", "ls", "--quiet", "--no-trunc").stdout.split()
        if not ids:
            return []
        answer = self.call(
            "image", "inspect", "--format", "{{json .RootFS.Layers}}", *sorted(set(ids))
        )
        return [json.loads(line) or [] for line in answer.stdout.splitlines() if line]

    def load(self, layout: Layout, reference: str, skip: int) -> str:
        """Send an image without its lowest `skip` layers; the engine's complaint, or nothing.

        Where that takes time, a line on stderr every few seconds says how far it is.
        """
        process = subprocess.Popen(
            [self.docker, "load", "--quiet"],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None and process.stderr is not None
        layers = dict.fromkeys(layout.layers[skip:])
        try:
            progress = Progress([layout.blob(each).stat().st_size for each in layers])
            for piece in docker_archive(layout, reference, skip):
                process.stdin.write(piece)
                progress.add(len(piece))
            process.stdin.close()
        except BrokenPipeError:
            # The engine hung up: it says why on stderr.
            pass
        complaint = process.stderr.read().decode(errors="replace").strip()
        return complaint or "unknown error" if process.wait() else ""


class Progress:
    """Says on stderr, every few seconds, how much of an image is sent.

    Args:
        sizes: Of the layers that are sent, in bytes, in that order.
        seconds: How long to be silent.
    """

    def __init__(self, sizes: List[int], seconds: float = _PROGRESS_SECONDS) -> None:
        self._sizes = sizes
        self._seconds = seconds
        self._sent = 0
        self._next = time.monotonic() + seconds

    def add(self, size: int) -> None:
        """So many bytes more are sent; the few that are no layer's count too."""
        self._sent += size
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._seconds
        total, end, number = sum(self._sizes), 0, 0
        for number, each in enumerate(self._sizes, 1):
            end += each
            if self._sent < end:
                break
        mega = [size // 1_000_000 for size in (min(self._sent, total), total)]
        print(
            f"Loading layer {number} of {len(self._sizes)}, {mega[0]} MB of {mega[1]}",
            file=sys.stderr,
            flush=True,
        )


def _same_config(theirs: Any, ours: Dict[str, Any]) -> bool:
    """Whether what an engine says of an image's configuration is what the image says.

    Engines add fields of containers, and write those that are not set in their own way.
    """
    # Ours have no volumes, and another image of the same name may.
    return isinstance(theirs, dict) and all(
        (theirs.get(key) or None) == (ours.get(key) or None) for key in (*CONFIG_KEYS, "Volumes")
    )


def load(engine: Engine, layout: Layout, reference: str) -> None:
    """Make the engine have the image.

    Raises:
        SandboxError: the engine refuses it.
    """
    if engine.has(layout, reference):
        return
    skip = common_prefix(layout.diff_ids, engine.layer_chains())
    complaint = _load(engine, layout, reference, skip)
    if complaint and skip:
        # Engines with another image store take only whole archives.
        complaint = _load(engine, layout, reference, 0)
    if complaint:
        raise SandboxError(f"The engine did not load {reference}: {complaint}")


def _load(engine: Engine, layout: Layout, reference: str, skip: int) -> str:
    missing = len(layout.layers) - skip
    what = f"{missing} of {len(layout.layers)} layers" if missing else "the configuration"
    print(f"Loading {what} of {reference}", file=sys.stderr)
    return engine.load(layout, reference, skip)
