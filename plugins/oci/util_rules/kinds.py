"""Finds what a target is: the kind of layer or the kind of image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from oci.image import ImageFieldSet, ImageSpec
from oci.layer import BuiltLayer, LayerFieldSet
from oci.progress import progress
from pants.engine.addresses import Address
from pants.engine.environment import EnvironmentName
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import InvalidTargetException, WrappedTarget, WrappedTargetRequest
from pants.engine.unions import UnionMembership, UnionRule
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class LayerRequest:
    """Asks for the layer of a target."""

    address: Address

    origin: str
    """Who names it, for errors: "the `layers` field of versions/5.0.6:base"."""


@dataclass(frozen=True)
class ImageRequest:
    """Asks for the spec of the image of a target."""

    address: Address

    origin: str = "<infallible>"
    """Who names it, for errors; of no use where the target is known to be an image."""


@rule(level=LogLevel.DEBUG)
async def find_layer(
    request: LayerRequest, environment: EnvironmentName, union_membership: UnionMembership
) -> BuiltLayer:
    wrapped = await Get(
        WrappedTarget,
        WrappedTargetRequest(request.address, description_of_origin=request.origin),
    )
    target = wrapped.target
    kinds = [kind for kind in union_membership[LayerFieldSet] if kind.is_applicable(target)]
    if len(kinds) != 1:
        raise InvalidTargetException(
            f"{request.origin} names {request.address}, which is a `{target.alias}` and no layer. "
            "Name targets such as `debian_layer`, `wheel_layer` or `files_layer`."
        )
    field_set = kinds[0].create(target)
    with progress.layer(str(request.address)):
        return await Get(BuiltLayer, {field_set: LayerFieldSet, environment: EnvironmentName})


@rule(level=LogLevel.DEBUG)
async def find_image(
    request: ImageRequest, environment: EnvironmentName, union_membership: UnionMembership
) -> ImageSpec:
    wrapped = await Get(
        WrappedTarget,
        WrappedTargetRequest(request.address, description_of_origin=request.origin),
    )
    target = wrapped.target
    kinds = [kind for kind in union_membership[ImageFieldSet] if kind.is_applicable(target)]
    if len(kinds) != 1:
        raise InvalidTargetException(
            f"{request.origin} names {request.address}, which is a `{target.alias}` and no image. "
            "Name a target such as `oci_image`."
        )
    field_set = kinds[0].create(target)
    return await Get(ImageSpec, {field_set: ImageFieldSet, environment: EnvironmentName})


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
