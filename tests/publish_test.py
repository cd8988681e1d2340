"""An engine pulls what our client pushed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from subprocess import run

from oci.distribution import push_image
from oci.distribution.push_request import PushRequest
from oci.testing.registry import RegistryServer

from tests.engine.session import Engine
from tests.engine.tiny_image import EXIT_CODE, GREETING, write_tiny_layout


def test_a_published_image_is_pulled_and_runs(engine: Engine, tmp_path: Path) -> None:
    write_tiny_layout(tmp_path / "tiny")
    registry = RegistryServer(tmp_path / "registry").start()
    request = PushRequest(
        address=registry.address,
        plain_http=False,
        repository="team/tiny",
        tag="1.0",
        force=False,
        mount_from=(),
        chunk=10**6,
    )
    program = [sys.executable, "-m", push_image.__name__]
    arguments = [str(tmp_path / "tiny"), request.to_json()]
    environment = {**os.environ, "PYTHONPATH": ":".join(entry for entry in sys.path if entry)}
    try:
        run([*program, *arguments], check=True, timeout=120, env=environment)
        finished = engine.run(engine.pull(f"{registry.address}/team/tiny:1.0"))
    finally:
        registry.kill()

    assert (finished.stdout, finished.exit_code) == (GREETING, EXIT_CODE)
