"""The lock of a resolve: one file for each distribution, byte for byte."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, fields
from typing import Any, Mapping

from locks.fields import size, text, texts
from locks.lock import SHA256, Lock
from oci.format.platform import Platform
from packaging.version import Version
from pants.util.frozendict import FrozenDict
from wheels.resolve import WheelResolve
from wheels.sandbox.locked_files import LockedFile

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
    def from_data(cls, data: Mapping[str, Any]) -> LockInputs:
        names = [field.name for field in fields(cls) if field.name != "requirements"]
        return cls(
            requirements=texts("inputs.requirements", data["requirements"]),
            **{name: text(f"inputs.{name}", data[name]) for name in names},
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


def _distribution(name: str, data: Mapping[str, Any]) -> LockedDistribution:
    where = f"distributions.{name:.80}"
    return LockedDistribution(
        name=text("distributions", name, _NAME),
        version=text(f"{where}.version", data["version"], _VERSION),
        file=text(f"{where}.file", data["file"], _FILE),
        size=size(f"{where}.size", data["size"]),
        sha256=text(f"{where}.sha256", data["sha256"], SHA256),
        required_by=texts(f"{where}.required_by", data["required_by"]),
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
    def from_data(cls, data: Mapping[str, Any]) -> WheelLock:
        if data["version"] != VERSION:
            raise ValueError(f"its version is {data['version']}, not {VERSION}")
        return cls(
            resolve=text("resolve", data["resolve"]),
            inputs=LockInputs.from_data(data["inputs"]),
            distributions=FrozenDict(
                (name, _distribution(name, each))
                for name, each in sorted(data["distributions"].items())
            ),
        )
