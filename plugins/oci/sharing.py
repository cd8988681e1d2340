"""What images have in common, in bytes: what a node stores of them, and what an upgrade pulls.

A node that has an image and pulls another one pulls the blobs that it lacks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Iterable, Mapping

from oci.natural_order import natural_order
from pants.util.frozendict import FrozenDict


@dataclass(frozen=True)
class ImageBlobs:
    """The layers of an image as a registry holds them."""

    reference: str
    """For example `astro-runtime:5.0.6`."""

    blobs: FrozenDict[str, int]
    """Bytes by digest."""

    targets: FrozenDict[str, str]
    """Addresses of the layers' targets, by digest."""

    @property
    def size(self) -> int:
        """Bytes of all layers."""
        return sum(self.blobs.values())

    @property
    def variant(self) -> tuple[str, str]:
        """What an image has in common with its neighbours: repository, and tag without numbers."""
        repository, _, tag = self.reference.rpartition(":")
        return repository, re.sub(r"\d+", "", tag)


@dataclass(frozen=True)
class Upgrade:
    """A step from one image to its neighbour."""

    before: str
    after: str
    """References."""

    new: FrozenDict[str, int]
    """Bytes of the layers to pull, by their targets."""

    @property
    def size(self) -> int:
        """Bytes to pull."""
        return sum(self.new.values())


@dataclass(frozen=True)
class SharingReport:
    """What a set of images costs."""

    images: tuple[ImageBlobs, ...]
    """In the order of their references; numbers count as numbers."""

    upgrades: tuple[Upgrade, ...]
    """Between neighbours of one variant: `5.0.6` and `5.0.7`, `5.0.6-base` and `5.0.7-base`."""

    @property
    def stored(self) -> int:
        """Bytes of all images, each distinct layer once."""
        distinct: dict[str, int] = {}
        for image in self.images:
            distinct.update(image.blobs)
        return sum(distinct.values())

    @property
    def largest(self) -> int:
        """Bytes of the largest image."""
        return max(image.size for image in self.images)

    def to_json(self) -> dict[str, Any]:
        return {
            "images": {image.reference: image.size for image in self.images},
            "stored": self.stored,
            "largest": self.largest,
            "upgrades": [
                {
                    "from": upgrade.before,
                    "to": upgrade.after,
                    "bytes": upgrade.size,
                    "layers": dict(upgrade.new),
                }
                for upgrade in self.upgrades
            ],
        }


def _upgrade(before: ImageBlobs, after: ImageBlobs) -> Upgrade:
    new: Mapping[str, int] = {
        after.targets[digest]: size
        for digest, size in after.blobs.items()
        if digest not in before.blobs
    }
    return Upgrade(before.reference, after.reference, FrozenDict(new))


def share(images: Iterable[ImageBlobs]) -> SharingReport:
    """Compare images with each other."""
    ordered = sorted(images, key=lambda image: natural_order(image.reference))
    variants: dict[tuple[str, str], list[ImageBlobs]] = {}
    for image in ordered:
        variants.setdefault(image.variant, []).append(image)
    upgrades = [
        _upgrade(before, after)
        for neighbours in variants.values()
        for before, after in zip(neighbours, neighbours[1:])
    ]
    return SharingReport(tuple(ordered), tuple(upgrades))
