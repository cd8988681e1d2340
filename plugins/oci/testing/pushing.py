"""Pushes as `publish` does, in the process of the test."""

from __future__ import annotations

import io
from typing import Any, Dict, Optional

from oci.distribution.address import parse_address
from oci.distribution.client import RegistryClient
from oci.distribution.docker_config import Credentials
from oci.distribution.progress import Progress
from oci.distribution.push import Push
from oci.distribution.push_request import PushRequest
from oci.distribution.repository import Repository
from oci.format.layout import Layout

ME = Credentials("me", "secret")
REPOSITORY, TAG = "demo", "1.0"


def push(address: str, layout: Layout, credentials: Optional[Credentials] = ME, **more: Any) -> str:
    """Push an image to REPOSITORY and TAG.

    Args:
        address: Of the registry.
        layout: The image.
        credentials: What Docker's configuration holds.
        more: Fields of the request.

    Returns:
        What was said.

    Raises:
        RegistryError: It did not work.
    """
    fields: Dict[str, Any] = {
        "plain_http": False,
        "force": False,
        "mount_from": (),
        "chunk": 1000,
        **more,
    }
    request = PushRequest(address=address, repository=REPOSITORY, tag=TAG, **fields)
    parsed = parse_address(address, request.plain_http)
    output = io.StringIO()
    client = RegistryClient(parsed, lambda: credentials, pause=0.001)
    progress = Progress(f"{REPOSITORY}:{TAG}", output)
    Push(Repository(client, REPOSITORY), layout, request, progress).run()
    return output.getvalue()
