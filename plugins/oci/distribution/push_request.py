"""What to push where: the one thing that a rule hands to the process that pushes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Dict, Tuple


@dataclass(frozen=True)
class PushRequest:
    """One image for one registry. It holds no secret: it is seen in the list of processes."""

    address: str
    """See `oci.distribution.address.parse_address`."""

    plain_http: bool
    """Whether the registry, though on another machine, may be spoken to without TLS."""

    repository: str

    tag: str

    force: bool
    """Whether a tag that points at another digest may be moved."""

    mount_from: Tuple[str, ...]
    """Repositories of the same registry that may have blobs of the image."""

    chunk: int
    """Bytes in one request."""

    attach: bool = True
    """Whether the documents about the image are pushed too."""

    @classmethod
    def from_json(cls, text: str) -> PushRequest:
        """Read what `to_json` wrote."""
        data: Dict[str, Any] = json.loads(text)
        data["mount_from"] = tuple(data["mount_from"])
        return cls(**data)

    def to_json(self) -> str:
        """The form for a command line."""
        return json.dumps(asdict(self), sort_keys=True)
