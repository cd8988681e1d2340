"""Pushes the image of an OCI layout to a registry.

usage: push_image.py LAYOUT REQUEST

The request is a JSON document: see `push_request`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from oci.distribution.address import parse_address
from oci.distribution.client import RegistryClient
from oci.distribution.docker_config import DockerConfig
from oci.distribution.progress import Progress
from oci.distribution.push import Push
from oci.distribution.push_request import PushRequest
from oci.distribution.repository import Repository
from oci.format.layout import read_layout
from oci.sandbox.errors import run
from oci.sandbox.layer_args import host_env


def main() -> None:
    layout, text = sys.argv[1:]
    request = PushRequest.from_json(text)
    address = parse_address(request.address, request.plain_http)
    config = DockerConfig(host_env())
    client = RegistryClient(address, lambda: config.credentials(address, request.repository))
    repository = Repository(client, request.repository)
    title = f"{repository.reference}:{request.tag}"
    push = Push(repository, read_layout(Path(layout)), request, Progress(title, sys.stderr))
    try:
        push.run()
    except KeyboardInterrupt:
        sys.exit(f"{title}: interrupted. What has arrived whole is not sent again.")


if __name__ == "__main__":
    run(main)
