"""Explanations as tables for the terminal."""

from __future__ import annotations

from itertools import groupby
from typing import Iterator, Sequence

from oci.contents import ImageContents, LayerContents, PackageContents
from oci.explain.changes import FileChange, ImageChange, LayerChange, PackageChange
from oci.explain.sharing import Sharing
from oci.natural_order import natural_order
from oci.report import table
from oci.sandbox.sizes import human_size

_BIGGEST = 15
"""Packages that are listed of an image."""

_MOST = 25
"""Packages or files that are listed of a changed layer; JSON has all."""

_FEW = 3
"""Images that are listed by name; JSON has all."""

_MARKS = {"added": "+", "removed": "-", "changed": "~", "recompressed": "~", "same": "="}


def _repository(reference: str) -> str:
    return reference.rpartition(":")[0]


def _names(references: Sequence[str]) -> str:
    """References of one repository, which stands once."""
    return ", ".join([*references[:1], *(each.rpartition(":")[2] for each in references[1:])])


def _shared_with(image: ImageContents, layer: LayerContents, sharing: Sharing) -> str:
    """By repository: `all 30 images`, `all but demo:1.0`, `7 of 30 images`, `demo:1.1, 1.2`."""
    others = sharing.others(image, layer)
    parts = []
    for repository, group in groupby(others, _repository):
        names = tuple(group)
        own = _repository(image.reference) == repository
        having = {*names, image.reference} if own else {*names}
        counted = [each for each in sharing.counted if _repository(each) == repository]
        lacking = sorted({*counted} - having, key=natural_order)
        of = "images" if own else f"images of {repository}"
        if len(names) <= _FEW:
            parts.append(_names(names))
        elif not lacking:
            parts.append(f"all {len(having)} {of}")
        elif len(lacking) <= _FEW:
            parts.append(f"all but {_names(lacking)}")
        else:
            parts.append(f"{len(having)} of {len({*counted, *having})} {of}")
    return ", ".join(parts) or "-"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _biggest(image: ImageContents) -> list[tuple[PackageContents, str]]:
    found = [
        (package, layer.descriptor.target)
        for layer in image.layers
        for package in layer.packages.values()
    ]
    return sorted(found, key=lambda each: -each[0].size)[:_BIGGEST]


def explain_image(image: ImageContents, sharing: Sharing) -> Iterator[str]:
    """What an image is made of."""
    yield f"{image.reference}  {image.target}  {image.digest}  {human_size(image.size)}"
    yield ""
    head = ("layer", "size", "unpacked", "files", "packages", "shared with")
    rows = [
        (
            layer.descriptor.target,
            human_size(layer.descriptor.size),
            human_size(layer.descriptor.uncompressed_size),
            f"{layer.files:,}",
            str(len(layer.packages)),
            _shared_with(image, layer, sharing),
        )
        for layer in image.layers
    ]
    yield from table([head, *rows], right=frozenset({1, 2, 3, 4}))
    yield ""
    biggest = [
        (
            f"{package.name} {package.version}",
            human_size(package.size),
            f"{package.files:,}",
            target,
        )
        for package, target in _biggest(image)
    ]
    yield from table(
        [("biggest packages", "unpacked", "files", "layer"), *biggest], right=frozenset({1, 2})
    )


def _package_line(change: PackageChange) -> str:
    before, after = change.before, change.after
    versions = [each.version for each in (before, after) if each]
    return (
        f"{_MARKS[change.kind]} {change.present.name} {' -> '.join(versions)}"
        f"  ({human_size(change.present.size)} unpacked)"
    )


def _first(lines: Sequence[str], what: str) -> Iterator[str]:
    for line in lines[:_MOST]:
        yield f"      {line}"
    if len(lines) > _MOST:
        yield f"      and {_count(len(lines) - _MOST, f'more {what}')} (all: --output-format=json)"


def _kinds(changes: Sequence[PackageChange]) -> str:
    counts = [
        (sum(each.kind == kind for each in changes), kind)
        for kind in ("changed", "added", "removed")
    ]
    return ", ".join(f"{_count(number, 'package')} {kind}" for number, kind in counts if number)


def _reason(change: LayerChange, others: Sequence[FileChange]) -> str:
    besides = f"{_count(len(others), 'file')} differ{'s' if len(others) == 1 else ''} besides"
    parts = [_kinds(change.packages), besides if others else ""]
    return ", ".join(filter(None, parts)) or "the same paths with other time stamps"


def _layer_lines(change: LayerChange) -> Iterator[str]:
    layer = change.present
    size = human_size(layer.descriptor.size)
    head = f"  {_MARKS[change.kind]} {layer.descriptor.target}  {size}"
    if change.kind == "same":
        yield f"{head}  same"
        return
    if change.kind == "removed":
        yield f"{head}  no longer there"
        return
    if change.kind == "recompressed":
        yield f"{head}  same content, compressed anew ({layer.descriptor.codec})"
        return
    # What a package brings is told by the package; and a new layer's files are not news.
    news = change.kind == "changed" or not change.packages
    others = change.other_files if news else ()
    yield f"{head}  {change.kind}: {_reason(change, others)}"
    yield from _first([_package_line(each) for each in change.packages], "package")
    yield from _first([f"{_MARKS[each.kind]} /{each.present.path}" for each in others], "file")


def _contents(change: ImageChange) -> str:
    if not change.same_contents:
        return _kinds(change.packages) or "the same packages, in other layers or with other files"
    if change.before.digest == change.after.digest:
        return "the same image"
    return "the same" if change.pull else "the same, with another configuration"


def explain_change(change: ImageChange) -> Iterator[str]:
    """What a node that has one image pulls for another, and why."""
    yield f"{change.before.reference} -> {change.after.reference}"
    line = f"to pull: {human_size(change.pull)} of {human_size(change.after.size)}"
    if change.pull_above != change.pull:
        line += f" ({human_size(change.pull_above)} where an engine keeps layers and no blobs)"
    yield line
    yield f"contents: {_contents(change)}"
    yield ""
    for layer in change.layers:
        yield from _layer_lines(layer)
