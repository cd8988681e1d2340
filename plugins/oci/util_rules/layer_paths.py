"""Reads the lists of paths that layers wrote, and compares them, each once for all images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from oci.conflicts import differing_paths
from oci.format import mtree
from oci.format.mtree import PathInfo
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileDigest, FileEntry
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class LayerPaths:
    """The paths that a layer holds."""

    by_path: dict[str, PathInfo]

    def __hash__(self) -> int:
        return id(self.by_path)


@dataclass(frozen=True)
class LayerPathsRequest:
    """Asks for the paths in a list that a layer's process wrote."""

    paths: FileDigest


@dataclass(frozen=True)
class DifferingPaths:
    """The paths that two layers hold with different content, owner or mode."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class DifferingPathsRequest:
    """Asks to compare the lists of two layers."""

    lower: FileDigest
    upper: FileDigest


@rule(level=LogLevel.DEBUG)
async def read_layer_paths(request: LayerPathsRequest) -> LayerPaths:
    digest = await Get(Digest, CreateDigest([FileEntry("paths", request.paths)]))
    (content,) = await Get(DigestContents, Digest, digest)
    return LayerPaths({info.path: info for info in mtree.loads(content.content.decode())})


@rule(level=LogLevel.DEBUG)
async def compare_layers(request: DifferingPathsRequest) -> DifferingPaths:
    lower, upper = await MultiGet(
        Get(LayerPaths, LayerPathsRequest(paths)) for paths in (request.lower, request.upper)
    )
    return DifferingPaths(differing_paths(lower.by_path, upper.by_path))


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
