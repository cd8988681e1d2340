"""Ways of registries, and what tests of pushes look for in them."""

from __future__ import annotations

import base64
import json
from typing import Any, Dict, Optional

from oci.distribution.docker_config import Credentials
from oci.format.layout import Layout
from oci.testing.images import noise
from oci.testing.pushing import ME, REPOSITORY, TAG
from oci.testing.stand_in import Quirk, Reply, Request, StandInRegistry

SMALL, LARGE = noise("small", 900), noise("large", 3500)
"""Sent in one request, and in four."""


def holds(registry: StandInRegistry, layout: Layout) -> bool:
    """Whether the tag gives the image, with all of its blobs."""
    blobs = [layout.config_digest, *layout.layers]
    return registry.tags.get((REPOSITORY, TAG)) == layout.manifest_digest and all(
        registry.blobs[REPOSITORY, digest] == layout.blob(digest).read_bytes() for digest in blobs
    )


def on(method: str, part: str, reply: Reply) -> Quirk:
    """Always this answer to requests of this kind."""
    return lambda request: reply if request.method == method and part in request.path else None


def basic(credentials: Credentials) -> str:
    pair = f"{credentials.username}:{credentials.password}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def asks_for_tokens(
    registry: StandInRegistry,
    challenge: str = 'Bearer realm="REALM",service="a registry"',
    answer: Optional[Dict[str, Any]] = None,
) -> Quirk:
    """Takes a token of its own token server, which takes the password of ME."""

    def quirk(request: Request) -> Optional[Reply]:
        if request.path == "/token":
            if request.headers.get("Authorization") != basic(ME):
                return Reply(401)
            return Reply(200, {}, json.dumps(answer or {"token": "good"}).encode())
        if request.headers.get("Authorization") == "Bearer good":
            return None
        realm = f"http://{registry.address}/token"
        return Reply(401, {"WWW-Authenticate": challenge.replace("REALM", realm)})

    return quirk
