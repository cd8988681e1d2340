"""What a bill of materials lists: the packages of an image, each with the layer that holds it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Iterator

from oci.contents import ImageContents, LayerContents, PackageContents
from oci.format.mtree import PathInfo
from oci.format.platform import Platform
from oci.format.purl import PackageUrl

TOOL = "pants-oci"


@dataclass(frozen=True)
class Subject:
    """The image that a document is about."""

    contents: ImageContents

    repository: str
    tag: str

    created: str
    """RFC 3339. Never from the clock."""

    platform: Platform

    @property
    def sha256(self) -> str:
        """Hex digest of the manifest."""
        return self.contents.digest.partition(":")[2]

    @property
    def purl(self) -> str:
        """The image's package URL."""
        qualifiers = {"arch": self.platform.architecture, "tag": self.tag}
        name = self.repository.rpartition("/")[2]
        return str(PackageUrl("oci", name, self.contents.digest, qualifiers=qualifiers))

    def urn(self, document: str) -> str:
        """A name for a document about the image, the same at every build of the same image."""
        name = f"{self.contents.digest} {self.repository}:{self.tag} {document}"
        return uuid.uuid5(uuid.NAMESPACE_OID, name).urn


@dataclass(frozen=True)
class ListedPackage:
    """An installed package."""

    layer: LayerContents
    contents: PackageContents

    carried: tuple[PackageContents, ...]
    """Packages among its own files, as pip carries urllib3. They have no hash: the files that they
    were made from are known to nobody."""


def packages(contents: ImageContents) -> Iterator[ListedPackage]:
    """All installed packages, from the bottom layer to the top, in each by their URLs."""
    for layer in contents.layers:
        ordered = sorted(layer.packages.values(), key=lambda each: each.package.purl)
        carried: dict[str, list[PackageContents]] = {}
        for each in ordered:
            carried.setdefault(each.package.inside, []).append(each)
        for each in carried.pop("", ()):
            yield ListedPackage(layer, each, tuple(carried.get(each.package.key, ())))


def distribution(contents: ImageContents) -> tuple[str, str]:
    """Name and version of the distribution that Debian packages are of: `debian` and `11`.

    Both are empty where the image has none, and the version where that has none.
    """
    for layer in contents.layers:
        for each in layer.packages.values():
            distro = PackageUrl.parse(each.package.purl).qualifiers.get("distro")
            if distro:
                name, _, version = distro.partition("-")
                return name, version
    return "", ""


def loose_files(contents: ImageContents) -> Iterator[tuple[LayerContents, PathInfo]]:
    """The files of layers that hold no packages: our own, which no package describes.

    What the scripts of packages make is not listed, nor are links.
    """
    for layer in contents.layers:
        if not layer.packages:
            yield from ((layer, info) for info in layer.unpackaged if info.kind == "file")
