"""Turns `oci_image` targets into image specs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Iterable

from oci.format.references import REPOSITORY, TAG, image_name
from oci.image import ImageFieldSet, ImageSpec
from oci.image_fields import ConfiguredImageFieldSet
from oci.target_types import ImageCreatedField, ImageLayersField, ImageTagField
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import AllTargets, InvalidFieldException
from pants.engine.unions import UnionRule


@dataclass(frozen=True)
class OciImageFieldSet(ConfiguredImageFieldSet):
    required_fields = (ImageLayersField, ImageTagField)

    tag: ImageTagField
    created: ImageCreatedField

    @property
    def reference(self) -> tuple[str, str]:
        """Repository and tag."""
        return self.repository_name, self.tag.value or ""


@dataclass(frozen=True)
class SharedReferences:
    """What several images are called."""

    references: frozenset[tuple[str, str]]
    """Repositories and tags."""


@rule
async def shared_references(targets: AllTargets) -> SharedReferences:
    kind = OciImageFieldSet
    counts = Counter(kind.create(each).reference for each in targets if kind.is_applicable(each))
    return SharedReferences(frozenset(each for each, count in counts.items() if count > 1))


@rule
async def oci_image_spec(field_set: OciImageFieldSet, shared: SharedReferences) -> ImageSpec:
    layers = await Get(
        Addresses, UnparsedAddressInputs, field_set.layers.to_unparsed_address_inputs()
    )
    repository, tag = field_set.reference
    is_shared = field_set.reference in shared.references
    # They become paths, too.
    if not REPOSITORY.fullmatch(repository):
        raise InvalidFieldException(
            f"{field_set.address}: `repository` is '{repository}'. Write lower-case letters, "
            "digits and single separators, as in 'team/tool'."
        )
    if not TAG.fullmatch(tag):
        raise InvalidFieldException(
            f"{field_set.address}: `tag` is '{tag}'. Write letters, digits, '_', '.' and '-', as "
            "in '1.0'."
        )
    created = field_set.created.value or ""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", created):
        raise InvalidFieldException(
            f"{field_set.address}: `created` is '{created}'. Write a date such as '2022-07-11'."
        )
    return ImageSpec(
        address=field_set.address,
        repository=repository,
        tag=tag,
        name=image_name(repository, tag, field_set.address.path_safe_spec if is_shared else ""),
        layers=tuple(layers),
        config=field_set.config(),
        created=f"{created}T00:00:00Z",
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(ImageFieldSet, OciImageFieldSet)]
