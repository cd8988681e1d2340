"""What published releases were made of: `versions/published.json`.

A published release stays as it is: a hash of what its manifest and its lock say seals them.
Comments, the order of fields, and what a lock holds beside its pins may change. Debian's
packages and our own code move on, and images of all releases with them; what they were on the day
of the seal is noted too, for release notes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Mapping

from locks.fields import Fields
from locks.unique_keys import read_json
from oci.sharing import blobs_to_pull, stored_size
from pants.util.frozendict import FrozenDict
from wheels.lock import WheelLock


class PublishedError(Exception):
    """The file cannot be read. The message says what to do."""


@dataclass(frozen=True)
class DebianState:
    """The Debian packages of an image."""

    date: str
    """When the archives last changed before they were locked: `2026-09-12`."""

    packages: FrozenDict[str, str]
    """Versions by name."""


@dataclass(frozen=True)
class PublishedLayer:
    """A layer of the image with ONBUILD steps; the other one has the same."""

    target: str

    digest: str
    """sha256 of the blob as stored."""

    diff_id: str
    """sha256 of the uncompressed tar."""

    size: int
    """Bytes as stored."""


@dataclass(frozen=True)
class PublishedRelease:
    """A release as it was when it was sealed."""

    manifest: str
    """`manifest_hash` of `release.yaml`."""

    lock: str
    """`lock_hash` of the lock of its Python packages."""

    debian: DebianState

    settings: FrozenDict[str, str]
    """Environment variables of the image."""

    layers: tuple[PublishedLayer, ...]
    """From the bottom to the top."""

    @property
    def size(self) -> int:
        """Bytes of all layers as stored."""
        return stored_size(self.layers)

    def pulled_after(self, other: PublishedRelease) -> int:
        """Bytes that a node with the other release pulls to have this one."""
        return stored_size(blobs_to_pull(other.layers, self.layers))


def _hash(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()


def manifest_hash(manifest: Mapping[str, Any]) -> str:
    """sha256 of what a manifest says: of its fields by name, in JSON.

    Args:
        manifest: The file's fields as YAML reads them.
    """
    return _hash(manifest)


def lock_hash(lock: WheelLock) -> str:
    """sha256 of what a lock pins: version, file, size and sha256 of each distribution, in JSON."""
    return _hash(
        {
            each.name: [each.version, each.file, each.size, each.sha256]
            for each in lock.distributions.values()
        }
    )


def _name(state: Mapping[str, Any]) -> str:
    return _hash(state)[:12]


@dataclass(frozen=True)
class Published:
    """The content of the file."""

    releases: FrozenDict[str, PublishedRelease]

    def to_json(self) -> bytes:
        """The form that is committed. What releases have in common is written once."""
        debian: dict[str, Any] = {}
        settings: dict[str, Any] = {}
        layers: dict[str, Any] = {}
        releases = {}
        for number, release in self.releases.items():
            packages = {"date": release.debian.date, "packages": dict(release.debian.packages)}
            variables = dict(release.settings)
            debian[_name(packages)] = packages
            settings[_name(variables)] = variables
            layers.update({layer.digest: asdict(layer) for layer in release.layers})
            releases[number] = {
                "manifest": release.manifest,
                "lock": release.lock,
                "debian": _name(packages),
                "settings": _name(variables),
                "layers": [layer.digest for layer in release.layers],
            }
        for layer in layers.values():
            del layer["digest"]
        data = {"releases": releases, "debian": debian, "settings": settings, "layers": layers}
        return (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def from_json(cls, path: str, content: bytes) -> Published:
        """Read the file.

        Raises:
            PublishedError: it is not what `to_json` writes.
        """
        fix = f"Restore it: `git checkout {path}`."
        fields = Fields.read(path, PublishedError, content, load=read_json, fix=fix)
        layers = {
            digest: PublishedLayer(
                layer.text("target"), digest, layer.text("diff_id"), layer.number("size")
            )
            for digest, layer in fields.parts("layers").items()
        }
        debian = {
            name: DebianState(state.text("date"), _all_texts(state.part("packages")))
            for name, state in fields.parts("debian").items()
        }
        settings = {name: _all_texts(part) for name, part in fields.parts("settings").items()}
        return cls(
            FrozenDict(
                (
                    number,
                    PublishedRelease(
                        manifest=release.text("manifest"),
                        lock=release.text("lock"),
                        debian=release.converted("debian", debian.__getitem__),
                        settings=release.converted("settings", settings.__getitem__),
                        layers=release.converted(
                            "layers", lambda names: tuple(layers[name] for name in names)
                        ),
                    ),
                )
                for number, release in sorted(fields.parts("releases").items())
            )
        )


def _all_texts(fields: Fields) -> FrozenDict[str, str]:
    return FrozenDict((name, fields.text(name)) for name in fields.data)
