"""What changed from one image to another: layers, and in them packages and files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Generic, Mapping, TypeVar

from oci.contents import ImageContents, LayerContents, PackageContents
from oci.format.docker_archive import common_prefix
from oci.format.mtree import PathInfo
from oci.sharing import blobs_to_pull, stored_size

_T = TypeVar("_T")


@dataclass(frozen=True)
class Change(Generic[_T]):
    """Something that came, went, or is another one."""

    before: _T | None
    """None where it is new."""

    after: _T | None
    """None where it is gone."""

    @property
    def present(self) -> _T:
        """The newer one, where there is one."""
        present = self.before if self.after is None else self.after
        assert present is not None
        return present

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


PackageChange = Change[PackageContents]
"""A package with another version."""


FileChange = Change[PathInfo]
"""A file, link or folder that is another one at the same path."""


@dataclass(frozen=True)
class LayerChange(Change[LayerContents]):
    """One layer of the newer image, or one that it no longer has."""

    packages: tuple[PackageChange, ...]
    files: tuple[FileChange, ...]

    @property
    def other_files(self) -> tuple[FileChange, ...]:
        """Those that are of no package that came, went or has another version."""
        moved = {each.present.package.key for each in self.packages}
        return tuple(each for each in self.files if each.present.package not in moved)

    @property
    def kind(self) -> str:
        """Besides the others, `same`, or `recompressed`: the same content in another blob."""
        if self.before is None or self.after is None:
            return super().kind
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


def _differing(
    before: Mapping[str, _T], after: Mapping[str, _T], same: Callable[[_T, _T], bool]
) -> tuple[Change[_T], ...]:
    """What is not the same at the keys of either."""
    changes = (Change(before.get(key), after.get(key)) for key in sorted({*before, *after}))
    return tuple(
        each
        for each in changes
        if each.before is None or each.after is None or not same(each.before, each.after)
    )


def _package_changes(
    before: Mapping[str, PackageContents], after: Mapping[str, PackageContents]
) -> tuple[PackageChange, ...]:
    return _differing(before, after, lambda old, new: old.version == new.version)


def _layer_change(before: LayerContents | None, after: LayerContents | None) -> LayerChange:
    if before and after and before.descriptor.diff_id == after.descriptor.diff_id:
        return LayerChange(before, after, (), ())
    packages = _package_changes(before.packages if before else {}, after.packages if after else {})
    files = _differing(
        before.paths if before else {}, after.paths if after else {}, PathInfo.same_as
    )
    # Folders come and go with their files.
    files = tuple(each for each in files if each.present.kind != "dir" or each.kind == "changed")
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
