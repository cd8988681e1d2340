"""Turns `oci_image` targets into image specs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable

from oci.image import ImageConfig, ImageFieldSet, ImageSpec
from oci.target_types import (
    ImageCmdField,
    ImageCreatedField,
    ImageEntrypointField,
    ImageEnvField,
    ImageLabelsField,
    ImageLayersField,
    ImagePortsField,
    ImageRepositoryField,
    ImageStopSignalField,
    ImageTagField,
    ImageUserField,
    ImageWorkdirField,
)
from pants.core.util_rules.environments import EnvironmentField
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import InvalidFieldException
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict


@dataclass(frozen=True)
class OciImageFieldSet(ImageFieldSet):
    required_fields = (ImageLayersField, ImageTagField)

    layers: ImageLayersField
    repository: ImageRepositoryField
    tag: ImageTagField
    entrypoint: ImageEntrypointField
    cmd: ImageCmdField
    env: ImageEnvField
    user: ImageUserField
    workdir: ImageWorkdirField
    ports: ImagePortsField
    labels: ImageLabelsField
    stop_signal: ImageStopSignalField
    created: ImageCreatedField
    environment: EnvironmentField


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
        repository=field_set.repository.value or field_set.address.target_name,
        tag=field_set.tag.value or "latest",
        layers=tuple(layers),
        config=ImageConfig(
            entrypoint=field_set.entrypoint.value or (),
            cmd=field_set.cmd.value or (),
            env=FrozenDict(field_set.env.value or {}),
            user=field_set.user.value or "",
            workdir=field_set.workdir.value or "",
            exposed_ports=field_set.ports.value or (),
            labels=FrozenDict(field_set.labels.value or {}),
            stop_signal=field_set.stop_signal.value or "",
        ),
        created=f"{created}T00:00:00Z",
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(ImageFieldSet, OciImageFieldSet)]
