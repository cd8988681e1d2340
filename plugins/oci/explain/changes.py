"""What changed from one image to another: layers, and in them packages and files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from oci.contents import ImageContents, LayerContents, PackageContents
from oci.format.docker_archive import common_prefix
from oci.format.mtree import PathInfo
from oci.sharing import blobs_to_pull, stored_size


@dataclass(frozen=True)
class PackageChange:
    """A package that came, went, or has another version."""

    name: str

    before: PackageContents | None
    """None where the package is new."""

    after: PackageContents | None
    """None where the package is gone."""

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class FileChange:
    """A file, link or folder that came, went, or is another one at the same path."""

    path: str

    kind: str
    """`added`, `removed` or `changed`."""

    package: str
    """Key of the package that brings it, or brought it; empty when none does."""

    expected: bool
    """Whether the package itself came, went or has another version."""


@dataclass(frozen=True)
class LayerChange:
    """One layer of the newer image, or one that it no longer has."""

    before: LayerContents | None
    after: LayerContents | None
    packages: tuple[PackageChange, ...]
    files: tuple[FileChange, ...]

    @property
    def layer(self) -> LayerContents:
        """The newer one, where there is one."""
        layer = self.after or self.before
        assert layer is not None
        return layer

    @property
    def kind(self) -> str:
        """`same`, `recompressed` (the same in another blob), `changed`, `added` or `removed`."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        before, after = self.before.descriptor, self.after.descriptor
        if before.digest == after.digest:
            return "same"
        return "recompressed" if before.diff_id == after.diff_id else "changed"


@dataclass(frozen=True)
class ImageChange:
    """What a node that has the older image needs for the newer one."""

    before: ImageContents
    after: ImageContents

    layers: tuple[LayerChange, ...]
    """From the bottom to the top of the newer image; then those that are gone."""

    @property
    def pull(self) -> int:
        """Bytes of the layers to pull; see `oci.sharing`."""
        return stored_size(blobs_to_pull(self.before.descriptors, self.after.descriptors))

    @property
    def pull_above(self) -> int:
        """Bytes of the layers from the lowest changed one up.

        Engines without a store of blobs, such as Docker's classic one, know a layer only on top of
        the same ones, and pull it again on others.
        """
        before, after = (
            [layer.digest for layer in image.descriptors] for image in (self.before, self.after)
        )
        return stored_size(self.after.descriptors[common_prefix(after, [before]) :])

    @property
    def same_contents(self) -> bool:
        """Whether the layers hold the same, whatever compressed them."""
        before, after = self.before.descriptors, self.after.descriptors
        return [each.diff_id for each in before] == [each.diff_id for each in after]

    @property
    def packages(self) -> tuple[PackageChange, ...]:
        """Those of the whole image; one that went from layer to layer is the same."""
        return _package_changes(self.before.packages, self.after.packages)


def _package_changes(
    before: Mapping[str, PackageContents], after: Mapping[str, PackageContents]
) -> tuple[PackageChange, ...]:
    changes = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old and new and old.version == new.version:
            continue
        present = new or old
        assert present is not None
        changes.append(PackageChange(present.name, old, new))
    return tuple(changes)


def _file_changes(
    before: Mapping[str, PathInfo], after: Mapping[str, PathInfo], moved: set[str]
) -> tuple[FileChange, ...]:
    changes = []
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old and new and old.same_as(new):
            continue
        kind = "added" if old is None else "removed" if new is None else "changed"
        present = new or old
        assert present is not None
        if present.kind == "dir" and kind != "changed":
            # Folders come and go with their files.
            continue
        changes.append(FileChange(path, kind, present.package, present.package in moved))
    return tuple(changes)


def _layer_change(before: LayerContents | None, after: LayerContents | None) -> LayerChange:
    if before and after and before.descriptor.diff_id == after.descriptor.diff_id:
        return LayerChange(before, after, (), ())
    old_packages = before.packages if before else {}
    new_packages = after.packages if after else {}
    packages = _package_changes(old_packages, new_packages)
    moved = {
        present.package.key
        for change in packages
        for present in (change.before, change.after)
        if present
    }
    files = _file_changes(before.paths if before else {}, after.paths if after else {}, moved)
    return LayerChange(before, after, packages, files)


def image_change(before: ImageContents, after: ImageContents) -> ImageChange:
    """Compare images: each layer with that of the same content, or else with that of its role."""
    by_content = {layer.descriptor.diff_id: layer for layer in before.layers}
    by_role = {layer.descriptor.role: layer for layer in before.layers}
    changes, matched = [], set()
    for layer in after.layers:
        old = by_content.get(layer.descriptor.diff_id) or by_role.get(layer.descriptor.role)
        changes.append(_layer_change(old, layer))
        if old:
            matched.add(old.descriptor.diff_id)
    changes += [
        _layer_change(layer, None)
        for layer in before.layers
        if layer.descriptor.diff_id not in matched
    ]
    return ImageChange(before, after, tuple(changes))
