"""What built layers and images hold: their paths and packages, joined and added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Mapping

from oci.format.layer_descriptor import LayerDescriptor
from oci.format.mtree import PathInfo
from oci.format.packages import Package
from oci.format.purl import PackageUrl
from oci.sharing import stored_size


@dataclass(frozen=True)
class PackageContents:
    """A package as a layer holds it."""

    package: Package

    size: int
    """Bytes of its files, unpacked."""

    files: int
    """Number of its files and links."""

    @property
    def name(self) -> str:
        """As people write it: `libstdc++6`."""
        return PackageUrl.parse(self.package.purl).name

    @property
    def version(self) -> str:
        """As people write it: `1:2.36.1-8+deb11u2`."""
        return PackageUrl.parse(self.package.purl).version


@dataclass(frozen=True)
class LayerContents:
    """A layer, by what is inside."""

    descriptor: LayerDescriptor

    packages: Mapping[str, PackageContents]
    """By their keys; see `oci.format.packages`. One inside another by the keys of both."""

    paths: Mapping[str, PathInfo]

    def __hash__(self) -> int:
        return hash(self.descriptor)

    @property
    def files(self) -> int:
        """Number of files and links."""
        return sum(info.kind != "dir" for info in self.paths.values())

    @property
    def unpackaged(self) -> tuple[PathInfo, ...]:
        """Files and links that no package brought."""
        return tuple(
            info for info in self.paths.values() if info.kind != "dir" and not info.package
        )


def layer_contents(
    descriptor: LayerDescriptor, packages: Iterable[Package], paths: Mapping[str, PathInfo]
) -> LayerContents:
    """Join a layer's documents."""
    sizes: dict[str, int] = {}
    files: dict[str, int] = {}
    for info in paths.values():
        if info.package:
            sizes[info.package] = sizes.get(info.package, 0) + info.size
            files[info.package] = files.get(info.package, 0) + 1
    found: dict[str, PackageContents] = {}
    for package in packages:
        key = package.key
        if package.inside:
            # Its files are those of the package around it, and it may be installed besides.
            found[f"{package.inside}/{key}"] = PackageContents(package, 0, 0)
        else:
            found[key] = PackageContents(package, sizes.get(key, 0), files.get(key, 0))
    return LayerContents(descriptor, found, paths)


@dataclass(frozen=True)
class ImageContents:
    """An image, by what is inside."""

    reference: str
    """`astro-runtime:5.0.6`, or the folder of an earlier build."""

    target: str
    """Address of the target; empty for an earlier build."""

    digest: str
    """Of the manifest: `sha256:<hex>`."""

    layers: tuple[LayerContents, ...]
    """From the bottom to the top."""

    created: str = ""
    """See `ImageSpec.created`."""

    experimental: bool = False
    """See `ImageSpec.experimental`."""

    @property
    def descriptors(self) -> tuple[LayerDescriptor, ...]:
        """Of the layers, in their order."""
        return tuple(layer.descriptor for layer in self.layers)

    @property
    def size(self) -> int:
        """Bytes of all layers as stored."""
        return stored_size(self.descriptors)

    @property
    def packages(self) -> dict[str, PackageContents]:
        """Those of all layers, by their keys."""
        return {key: each for layer in self.layers for key, each in layer.packages.items()}
