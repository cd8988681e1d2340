"""Turns `oci_image` targets into image specs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable

from oci.image import ImageFieldSet, ImageSpec
from oci.image_fields import ConfiguredImageFieldSet
from oci.target_types import ImageCreatedField, ImageLayersField, ImageTagField
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import InvalidFieldException
from pants.engine.unions import UnionRule


@dataclass(frozen=True)
class OciImageFieldSet(ConfiguredImageFieldSet):
    required_fields = (ImageLayersField, ImageTagField)

    tag: ImageTagField
    created: ImageCreatedField


@rule
async def oci_image_spec(field_set: OciImageFieldSet) -> ImageSpec:
    layers = await Get(
        Addresses, UnparsedAddressInputs, field_set.layers.to_unparsed_address_inputs()
    )
    created = field_set.created.value or ""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", created):
        raise InvalidFieldException(
            f"{field_set.address}: `created` is '{created}'. Write a date such as '2022-07-11'."
        )
    return ImageSpec(
        address=field_set.address,
        repository=field_set.repository_name,
        tag=field_set.tag.value or "latest",
        layers=tuple(layers),
        config=field_set.config(),
        created=f"{created}T00:00:00Z",
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(ImageFieldSet, OciImageFieldSet)]
