"""The lock of a resolve: one file for each distribution, byte for byte."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import Any, Mapping

from locks.fields import Fields
from locks.lock import SHA256, Lock
from oci.format.platform import Platform
from packaging.version import Version
from pants.util.frozendict import FrozenDict
from wheels.resolve import WheelResolve
from wheels.sandbox.locked_files import LockedFile

VERSION = 1
"""Version of the lock's file format."""

# What becomes the name of a file, and parts of addresses. Source: the binary distribution format.
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"[0-9A-Za-z.+!_-]+")
_FILE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.+!-]*")


@dataclass(frozen=True)
class LockInputs:
    """What a lock was made from, to tell whether it is stale."""

    requirements: tuple[str, ...]
    """Sorted."""

    constraints_sha256: str
    """Of the sorted constraints, one a line."""

    exclude_newer: str
    python_version: str
    platform: str

    @classmethod
    def of(cls, resolve: WheelResolve) -> LockInputs:
        """The inputs of a resolve as it is now."""
        text = "".join(f"{line}\n" for line in sorted(resolve.constraints))
        return cls(
            requirements=tuple(sorted(resolve.requirements)),
            constraints_sha256=hashlib.sha256(text.encode()).hexdigest(),
            exclude_newer=resolve.exclude_newer,
            python_version=resolve.platform.python,
            platform=resolve.uv_platform,
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> LockInputs:
        return cls(
            requirements=fields.texts("requirements"),
            constraints_sha256=fields.text("constraints_sha256"),
            exclude_newer=fields.text("exclude_newer"),
            python_version=fields.text("python_version"),
            platform=fields.text("platform"),
        )

    def differences(self, resolve: WheelResolve) -> list[str]:
        """Names of the inputs that are others for a resolve as it is now."""
        ours, theirs = asdict(self), asdict(LockInputs.of(resolve))
        if _runs(self.platform, resolve.platform):
            del ours["platform"]
        return [name.replace("_sha256", "") for name in ours if ours[name] != theirs[name]]


def _runs(wheels: str, platform: Platform) -> bool:
    """Whether a platform runs wheels for `x86_64-manylinux_2_31`: an older C library will do."""
    machine, _, minor = wheels.partition("-manylinux_2_")
    return machine == platform.machine and minor.isdigit() and int(minor) <= platform.glibc_minor


@dataclass(frozen=True)
class LockedDistribution(LockedFile):
    """A distribution and the one file that it is installed from."""

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
class WheelLock(Lock):
    """The content of a lock."""

    key = "distributions"

    resolve: str
    inputs: LockInputs
    distributions: FrozenDict[str, LockedDistribution]
    """By canonical name."""

    def versions(self) -> Mapping[str, Version]:
        return {each.name: Version(each.version) for each in self.distributions.values()}

    def to_data(self) -> Mapping[str, Any]:
        return {
            "version": VERSION,
            "resolve": self.resolve,
            "inputs": asdict(self.inputs),
            "distributions": {
                name: {key: value for key, value in asdict(each).items() if key != "name"}
                for name, each in self.distributions.items()
            },
        }

    @classmethod
    def from_fields(cls, fields: Fields) -> WheelLock:
        fields.take("version", lambda version: version == VERSION)
        return cls(
            resolve=fields.text("resolve"),
            inputs=LockInputs.from_fields(fields.part("inputs")),
            distributions=FrozenDict(
                (name, _distribution(name, each))
                for name, each in sorted(fields.parts("distributions", names=_NAME).items())
            ),
        )
