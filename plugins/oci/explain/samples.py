"""Small images for tests."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Mapping

from oci.contents import ImageContents, LayerContents, layer_contents
from oci.format.layer_descriptor import LayerDescriptor
from oci.format.mtree import PathInfo
from oci.format.packages import Package


def sample_layer(
    target: str,
    packages: Mapping[str, str] = {},
    files: Mapping[str, str] = {},
    size: int = 1_000_000,
    licences: Mapping[str, tuple[str, ...]] = {},
    requires: Mapping[str, tuple[str, ...]] = {},
    carried: Mapping[str, tuple[str, ...]] = {},
) -> LayerContents:
    """A layer with a file for each package, and files of no package.

    Args:
        target: Address of the layer.
        packages: Version by key: `{"pypi/pip": "22.1"}`.
        files: Content by path.
        size: Bytes of the blob.
        licences: Of packages, by key.
        requires: What packages need, by key.
        carried: Package URLs of what packages carry among their files, by key.
    """
    contents = [
        Package(
            f"pkg:{key}@{version}",
            f"{key.rpartition('/')[2]}-{version.partition('?')[0]}.whl",
            hashlib.sha256(f"{key} {version}".encode()).hexdigest(),
            licences.get(key, ()),
            requires=requires.get(key, ()),
        )
        for key, version in packages.items()
    ]
    contents += [
        Package(purl, each.file, each.sha256, inside=each.key)
        for each in contents
        for purl in carried.get(each.key, ())
    ]
    paths = {
        path: PathInfo(path, "file", 0o644, 0, 0, 1, len(text), _sha256(text))
        for path, text in files.items()
    }
    for package in (each for each in contents if not each.inside):
        path = f"lib/{package.key}"
        paths[path] = PathInfo(
            path, "file", 0o644, 0, 0, 1, 2_000_000, _sha256(package.purl), package=package.key
        )
    identity = _sha256(repr((target.partition("@")[0], sorted(paths.items()))))
    descriptor = LayerDescriptor(
        target=target,
        media_type="application/vnd.oci.image.layer.v1.tar+gzip",
        digest=f"sha256:{_sha256(identity)}",
        size=size,
        diff_id=f"sha256:{identity}",
        uncompressed_size=3 * size,
        codec="igzip -2",
        path_count=len(paths),
        packages=tuple(sorted(package.purl for package in contents)),
    )
    return layer_contents(descriptor, contents, paths)


def recompressed(layer: LayerContents, size: int) -> LayerContents:
    """The same content in the blob of another codec."""
    blob = f"sha256:{_sha256(f'{layer.descriptor.digest} {size}')}"
    descriptor = replace(layer.descriptor, digest=blob, size=size, codec="zstd -9")
    return replace(layer, descriptor=descriptor)


def sample_image(tag: str, *layers: LayerContents, experimental: bool = False) -> ImageContents:
    """An image of these layers."""
    return ImageContents(
        f"demo:{tag}",
        f"versions/{tag}:image",
        f"sha256:{_sha256(tag)}",
        layers,
        "2022-07-11T00:00:00Z",
        experimental,
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
