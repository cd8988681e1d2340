"""What the process that builds a layer is told, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Dict, List

from debian.sandbox.accounts import Account
from oci.format.packages import Package


@dataclass(frozen=True)
class Plan:
    """A layer of Debian packages to build."""

    address: str
    """Of the target, for messages."""

    suite: str
    suites: List[str]
    """The suites of the archive that users of the image install from."""

    epoch: int
    """Seconds since 1970: no file in the layer is newer."""

    packages: List[str]
    """Names of the packages to install; their files are all there is to install from."""

    accounts: List[Account]

    excludes: List[str]
    """Patterns of paths to leave out, with all below them."""

    contents: Dict[str, Package]
    """The packages, by name; their licences are not known yet."""

    bases: List[str]
    """Addresses of the layers below, from the bottom."""

    def to_json(self) -> bytes:
        """The form that `from_json` reads."""
        return (json.dumps(asdict(self), indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes) -> Plan:
        """Read what `to_json` wrote."""
        data = json.loads(content)
        data["accounts"] = [Account(**account) for account in data["accounts"]]
        data["contents"] = {name: Package(**each) for name, each in data["contents"].items()}
        return cls(**data)
