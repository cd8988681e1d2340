"""What the targets of every kind of image say of the container, read in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

from oci.format.image import ImageConfig
from oci.image import ImageFieldSet
from oci.target_types import IMAGE_CONFIG_FIELDS, ImageLayersField, ImageRepositoryField
from pants.core.util_rules.environments import EnvironmentField


@dataclass(frozen=True)
class ConfiguredImageFieldSet(ImageFieldSet):
    """The fields of `oci.target_types.COMMON_IMAGE_FIELDS`."""

    layers: ImageLayersField
    repository: ImageRepositoryField
    environment: EnvironmentField

    # Pants reads from the annotations what a field set holds.
    __annotations__.update({field.alias: field for field in IMAGE_CONFIG_FIELDS})

    @property
    def repository_name(self) -> str:
        return self.repository.value or self.address.target_name

    def config(
        self, env: Mapping[str, str] = {}, labels: Mapping[str, str] = {}, **more: Any
    ) -> ImageConfig:
        """The image's configuration.

        Args:
            env: Variables that a target's own `env` may replace.
            labels: Labels that a target's own `labels` may replace.
            more: Fields of `ImageConfig` that targets do not have.
        """
        values = {field.alias: getattr(self, field.alias).value for field in IMAGE_CONFIG_FIELDS}
        stated = {alias: value for alias, value in values.items() if value}
        stated["env"] = tuple({**env, **stated.get("env", {})}.items())
        stated["labels"] = tuple({**labels, **stated.get("labels", {})}.items())
        return ImageConfig(**stated, **more)
