"""The contract of images: what an image is to be, and what targets are images."""

from __future__ import annotations

from dataclasses import dataclass

from oci.format.image import ImageConfig
from pants.engine.addresses import Address
from pants.engine.environment import EnvironmentName
from pants.engine.target import FieldSet
from pants.engine.unions import union


@dataclass(frozen=True)
class ImageSpec:
    """An image that is to be assembled."""

    address: Address

    repository: str
    tag: str

    layers: tuple[Address, ...]
    """From the bottom to the top."""

    config: ImageConfig
    """Its `env` counts on top of what the layers set."""

    created: str
    """RFC 3339, for example `2022-07-11T00:00:00Z`. Never from the clock."""

    name: str
    """What files of the image are called, below `dist/images` and elsewhere. No other has it."""

    experimental: bool = False
    """Whether no number over all images includes it."""

    @property
    def reference(self) -> str:
        """What an engine knows the image by: `astro-runtime:5.0.6`."""
        return f"{self.repository}:{self.tag}"


@union(in_scope_types=[EnvironmentName])
@dataclass(frozen=True)
class ImageFieldSet(FieldSet):
    """A target that is an image; its backend has a rule from the subclass to `ImageSpec`."""

    @property
    def repository_name(self) -> str:
        """`ImageSpec.repository`, which must be known without building anything."""
        raise NotImplementedError
