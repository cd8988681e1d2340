"""The lock of a resolve: one file for each distribution, byte for byte."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from locks.fields import Fields
from locks.lock import SHA256, read_lock, write_lock
from pants.util.frozendict import FrozenDict
from wheels.resolve import WheelResolve

VERSION = 1
"""Of the format."""

# What becomes the name of a file, and parts of addresses. Source: the binary distribution format.
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"[0-9A-Za-z.+!_-]+")
_FILE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.+!-]*")


@dataclass(frozen=True)
class LockInputs:
    """What a lock was made from, to tell whether it is stale."""

    requirements: tuple[str, ...]
    """Sorted."""

    constraints: str
    """sha256 of the sorted constraints, one a line."""

    exclude_newer: str
    python_version: str
    platform: str

    @classmethod
    def of(cls, resolve: WheelResolve) -> LockInputs:
        """The inputs of a resolve as it is now."""
        text = "".join(f"{line}\n" for line in sorted(resolve.constraints))
        return cls(
            requirements=tuple(sorted(resolve.requirements)),
            constraints=hashlib.sha256(text.encode()).hexdigest(),
            exclude_newer=resolve.exclude_newer,
            python_version=resolve.python_version,
            platform=resolve.platform,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "requirements": list(self.requirements),
            "constraints_sha256": self.constraints,
            "exclude_newer": self.exclude_newer,
            "python_version": self.python_version,
            "platform": self.platform,
        }

    @classmethod
    def from_fields(cls, fields: Fields) -> LockInputs:
        return cls(
            requirements=fields.texts("requirements"),
            constraints=fields.text("constraints_sha256"),
            exclude_newer=fields.text("exclude_newer"),
            python_version=fields.text("python_version"),
            platform=fields.text("platform"),
        )

    def differences(self, other: LockInputs) -> list[str]:
        """Names of the inputs that are not equal."""
        ours, theirs = self.to_json(), other.to_json()
        return [name.replace("_sha256", "") for name in ours if ours[name] != theirs[name]]


@dataclass(frozen=True)
class LockedDistribution:
    """A distribution and the one file that it is installed from."""

    name: str
    """Canonical (PEP 503)."""

    version: str

    file: str
    """A wheel that fits the platform or, where there is none, the source distribution."""

    size: int
    """Bytes of the file."""

    sha256: str
    """Hex digest of the file."""

    required_by: tuple[str, ...]
    """Canonical names of the distributions that need this one, sorted."""

    @property
    def is_wheel(self) -> bool:
        return self.file.endswith(".whl")


def _distribution(name: str, fields: Fields) -> LockedDistribution:
    return LockedDistribution(
        name=name,
        version=fields.text("version", _VERSION),
        file=fields.text("file", _FILE),
        size=fields.number("size"),
        sha256=fields.text("sha256", SHA256),
        required_by=fields.texts("required_by"),
    )


@dataclass(frozen=True)
class WheelLock:
    """The content of a lock."""

    resolve: str
    inputs: LockInputs
    distributions: FrozenDict[str, LockedDistribution]
    """By canonical name."""

    def to_json(self) -> bytes:
        """The form that is committed."""
        data = {
            "version": VERSION,
            "resolve": self.resolve,
            "inputs": self.inputs.to_json(),
            "distributions": {
                each.name: {
                    "version": each.version,
                    "file": each.file,
                    "size": each.size,
                    "sha256": each.sha256,
                    "required_by": list(each.required_by),
                }
                for each in self.distributions.values()
            },
        }
        return write_lock(data)

    @classmethod
    def from_json(cls, path: str, content: bytes, command: str) -> WheelLock:
        """Read a lock. See `locks.lock.read_lock`."""
        fields = read_lock(path, content, command)
        fields.take("version", lambda version: version == VERSION)
        return cls(
            resolve=fields.text("resolve"),
            inputs=LockInputs.from_fields(fields.part("inputs")),
            distributions=FrozenDict(
                (name, _distribution(name, each))
                for name, each in sorted(fields.parts("distributions", names=_NAME).items())
            ),
        )
