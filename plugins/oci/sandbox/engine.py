"""The container engine of this machine, by way of the `docker` command.

So DOCKER_HOST, contexts and TLS settings count. Only layers that the engine lacks are sent to it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Dict, List

from oci.sandbox.docker_archive import common_prefix, write_archive
from oci.sandbox.errors import SandboxError
from oci.sandbox.layout import Layout


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

    def has(self, image_id: str, reference: str) -> bool:
        """Whether the reference names this image."""
        answer = self.call("image", "inspect", "--format", "{{.Id}}", reference)
        return answer.returncode == 0 and answer.stdout.strip() == image_id

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
        """Send an image without its lowest `skip` layers; the engine's complaint, or nothing."""
        process = subprocess.Popen(
            [self.docker, "load", "--quiet"],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None and process.stderr is not None
        try:
            write_archive(layout, reference, skip, process.stdin)  # type: ignore[arg-type]
            process.stdin.close()
        except BrokenPipeError:
            # The engine hung up: it says why on stderr.
            pass
        complaint = process.stderr.read().decode(errors="replace").strip()
        return complaint or "unknown error" if process.wait() else ""


def load(engine: Engine, layout: Layout, reference: str) -> None:
    """Make the engine have the image.

    Raises:
        SandboxError: the engine refuses it.
    """
    if engine.has(layout.config_digest, reference):
        return
    skip = common_prefix(layout.diff_ids, engine.layer_chains())
    missing = len(layout.layers) - skip
    print(f"Loading {missing} of {len(layout.layers)} layers of {reference}", file=sys.stderr)
    complaint = engine.load(layout, reference, skip)
    if complaint and skip:
        # Engines with another image store take only whole archives.
        complaint = engine.load(layout, reference, 0)
    if complaint:
        raise SandboxError(f"The engine did not load {reference}: {complaint}")
