"""Assembles images without a process, from the descriptors of their layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, Sequence

from oci.conflicts import StackedLayer, conflicts, pairs_to_compare
from oci.format.image import Document, image_config, image_manifest
from oci.format.platform import DEFAULT, Platform
from oci.image import ImageSpec
from oci.layer import BuiltLayer
from oci.util_rules.kinds import LayerRequest
from oci.util_rules.layer_paths import (
    DifferingPaths,
    DifferingPathsRequest,
    LayerPaths,
    LayerPathsRequest,
)
from pants.engine.addresses import Address
from pants.engine.environment import EnvironmentName
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

MAX_LAYERS = 100
"""Engines stack at most 127 layers, and users add theirs on top."""


PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where an image looks for programs, unless a layer or its target says otherwise."""


class ImageError(Exception):
    """An image cannot be assembled."""


@dataclass(frozen=True)
class BuiltImage:
    """An image whose layers stand in the store."""

    spec: ImageSpec
    layers: tuple[BuiltLayer, ...]
    config: Document
    manifest: Document
    platform: Platform

    @property
    def path(self) -> str:
        """Folder of its layout, relative to `dist`: `images/5.0.6-base`."""
        return f"images/{self.spec.name}"

    @property
    def size(self) -> int:
        """Bytes that a registry keeps of the image: layers, configuration and manifest."""
        size = len(self.manifest.content) + len(self.config.content)
        return size + sum(layer.descriptor.size for layer in self.layers)


def _refuse_conflicts(spec: ImageSpec, found: Sequence[tuple[str, Address, Address]]) -> None:
    if found:
        path, lower, upper = found[0]
        more = f" (and {len(found) - 1} more paths)" if len(found) > 1 else ""
        raise ImageError(
            f"{spec.address}: the layers {lower} and {upper} both hold /{path} with different "
            f"content, owner or mode{more}. Leave it out of one of them."
        )


@rule(desc="Assemble an image", level=LogLevel.DEBUG)
async def assemble_image(spec: ImageSpec, environment: EnvironmentName) -> BuiltImage:
    if len(spec.layers) > MAX_LAYERS:
        raise ImageError(
            f"{spec.address}: `layers` names {len(spec.layers)} layers; engines take fewer than "
            f"{MAX_LAYERS}."
        )
    layers = await MultiGet(
        Get(
            BuiltLayer,
            {
                LayerRequest(address, f"the `layers` field of {spec.address}"): LayerRequest,
                environment: EnvironmentName,
            },
        )
        for address in spec.layers
    )
    paths = await MultiGet(Get(LayerPaths, LayerPathsRequest(layer.paths)) for layer in layers)
    stack = [
        StackedLayer(layer.address, layer.base, held.by_path) for layer, held in zip(layers, paths)
    ]
    pairs = pairs_to_compare(stack)
    differing = await MultiGet(
        Get(DifferingPaths, DifferingPathsRequest(layers[lower].paths, layers[upper].paths))
        for lower, upper in pairs
    )
    _refuse_conflicts(spec, conflicts(stack, dict(zip(pairs, (each.paths for each in differing)))))
    return assemble(spec, layers)


class PlatformError(Exception):
    """Layers of an image are for different platforms. The message says which."""


def image_platform(spec: ImageSpec, layers: tuple[BuiltLayer, ...]) -> Platform:
    """What an image runs on: what its layers are for.

    Raises:
        PlatformError: they contradict each other.
    """
    platform = Platform()
    for layer in layers:
        try:
            platform = platform.joined(layer.platform)
        except ValueError as error:
            raise PlatformError(
                f"{spec.address}: the layer {layer.address} does not go with those below it: "
                f"{error}. Take it out, or name one that is for the same."
            ) from None
    if platform.architecture:
        return platform
    return replace(platform, architecture=DEFAULT.architecture)


def assemble(spec: ImageSpec, layers: tuple[BuiltLayer, ...]) -> BuiltImage:
    """Write an image's configuration and manifest.

    Args:
        spec: What the image is.
        layers: The layers that `spec.layers` names, in that order.

    Raises:
        PlatformError: layers are for different platforms.
    """
    platform = image_platform(spec, layers)
    env = {"PATH": PATH}
    for layer in layers:
        env.update(layer.env)
    env.update(spec.config.env)
    descriptors = [layer.descriptor for layer in layers]
    container = replace(spec.config, env=tuple(env.items()))
    config = image_config(container, descriptors, spec.created, platform)
    manifest = image_manifest(config, [descriptor.in_manifest for descriptor in descriptors])
    return BuiltImage(spec, layers, config, manifest, platform)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
