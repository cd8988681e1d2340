"""The alternative: the same image by a Dockerfile, on the same engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, List

from benchmarks.measure import check

_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


class Dockerfile:
    """The Dockerfile of this folder, with the pins of a release.

    Args:
        root: The repository.
        release: For example `5.0.6`.
        docker_host: Address of the engine.
    """

    def __init__(self, root: Path, release: str, docker_host: str) -> None:
        self._env = {**os.environ, "DOCKER_HOST": docker_host, "DOCKER_BUILDKIT": "0"}
        self._base = "benchmark-debian:bullseye"
        self._tag = "benchmark-dockerfile"
        self._context = Path(tempfile.mkdtemp(prefix="benchmark-"))
        self._debian = _debian_packages(root)
        shutil.copy(root / "benchmarks/Dockerfile", self._context)
        shutil.copytree(root / "layers/astro/astronomer", self._context / "astronomer")
        bundle = os.environ.get("SSL_CERT_FILE", _CERTIFICATES)
        shutil.copy(bundle, self._context / "certificates.crt")
        lock = json.loads((root / f"3rdparty/python/{release}.lock").read_text())
        (self._context / "requirements.txt").write_text(_requirements(lock))

    def make_base(self) -> None:
        """Make what `FROM debian:bullseye-slim` would pull. Not part of any time."""
        rootfs = self._context.parent / f"{self._context.name}.tar"
        check(["mmdebstrap", "--variant=minbase", "bullseye", str(rootfs)])
        check(["docker", "import", str(rootfs), self._base], env=self._env)
        rootfs.unlink()

    def build(self, update: str, *options: str) -> None:
        """Build the image; another `update` stands for another OS package."""
        check(
            [
                "docker",
                "build",
                "--network=host",
                f"--build-arg=base={self._base}",
                f"--build-arg=debian={' '.join(self._debian)}",
                f"--build-arg=update={update}",
                f"--tag={self._tag}",
                *options,
                str(self._context),
            ],
            env=self._env,
        )

    def compressed_size(self) -> int:
        """Bytes of the image with each layer as gzip, level 6."""
        return self._saved(self._tag)

    def compressed_base_size(self) -> int:
        """The same for what it is built from, which all images of its kind share."""
        return self._saved(self._base)

    def _saved(self, image: str) -> int:
        save = subprocess.Popen(["docker", "save", image], env=self._env, stdout=subprocess.PIPE)
        size = subprocess.run(["sh", "-c", "gzip -6 | wc -c"], stdin=save.stdout, stdout=-1)
        save.wait()
        return int(size.stdout)

    def close(self) -> None:
        """Remove what was made."""
        shutil.rmtree(self._context)
        for image in (self._tag, self._base):
            command = ["docker", "image", "rm", "--force", image]
            subprocess.run(command, env=self._env, stdout=subprocess.DEVNULL)


def _requirements(lock: Dict) -> str:
    return "".join(
        f"{name}=={entry['version']} --hash=sha256:{entry['sha256']}\n"
        for name, entry in lock["distributions"].items()
    )


def _debian_packages(root: Path) -> List[str]:
    """What the layers `os` and `python` ask for, as their lock says."""
    lock = json.loads((root / "3rdparty/debian/bullseye.lock").read_text())
    return sorted(
        name
        for address in ("layers/os:os", "layers/python:python")
        for name in lock["targets"][address]["requests"]
    )
