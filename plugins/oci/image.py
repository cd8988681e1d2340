"""The contract of images, and their assembly from layer descriptors.

An image is a list of layers plus a page of JSON: nothing here reads a layer's bytes.
Source: OCI image spec 1.1, config.md, manifest.md, image-index.md and image-layout.md.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Mapping, Sequence

from oci.format.history import image_history
from oci.format.platform import DEFAULT, OS, Platform
from oci.layer import BuiltLayer
from pants.engine.addresses import Address
from pants.engine.environment import EnvironmentName
from pants.engine.target import FieldSet
from pants.engine.unions import union
from pants.util.frozendict import FrozenDict

MANIFEST_MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_MEDIA_TYPE = "application/vnd.oci.image.config.v1+json"
INDEX_MEDIA_TYPE = "application/vnd.oci.image.index.v1+json"
LAYOUT = json.dumps({"imageLayoutVersion": "1.0.0"}).encode()
REF_NAME_ANNOTATION = "org.opencontainers.image.ref.name"

_SECOND = 10**9
"""Docker's durations are in nanoseconds."""

_HEALTHCHECK_TIMES = {
    "Interval": 30 * _SECOND,
    "Timeout": 30 * _SECOND,
    # A failure counts only after this, so that a slow start is no illness.
    "StartPeriod": 120 * _SECOND,
    "Retries": 3,
}

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class ImageConfig:
    """What an engine needs to know to start a container. Source: OCI image spec 1.1, config.md."""

    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()

    env: FrozenDict[str, str] = FrozenDict()
    """On top of what the layers set."""

    user: str = ""
    workdir: str = ""

    exposed_ports: tuple[str, ...] = ()
    """For example `8080/tcp`."""

    labels: FrozenDict[str, str] = FrozenDict()

    stop_signal: str = ""

    healthcheck: tuple[str, ...] = ()
    """The command that tells whether a container is healthy. Docker's extension."""

    shell: tuple[str, ...] = ()
    """The shell of RUN steps in images built on this one. Docker's extension of the OCI config."""

    onbuild: tuple[str, ...] = ()
    """Dockerfile steps that run first in an image built on this one. Docker's extension."""


@dataclass(frozen=True)
class ImageSpec:
    """An image that is to be assembled."""

    address: Address

    repository: str
    tag: str

    layers: tuple[Address, ...]
    """From the bottom to the top."""

    config: ImageConfig

    created: str
    """RFC 3339, for example `2022-07-11T00:00:00Z`. Never from the clock."""

    name: str
    """What files of the image are called, below `dist/images` and elsewhere. No other has it."""

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


@dataclass(frozen=True)
class Document:
    """A JSON blob with its digest."""

    content: bytes

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Document:
        """Encode canonically: white space and key order are part of a digest."""
        return cls(json.dumps(data, sort_keys=True, separators=(",", ":")).encode())

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def descriptor(self, media_type: str, **more: Any) -> dict[str, Any]:
        """Source: OCI image spec 1.1, descriptor.md."""
        return {
            "mediaType": media_type,
            "digest": f"sha256:{self.sha256}",
            "size": len(self.content),
            **more,
        }


@dataclass(frozen=True)
class AssembledImage:
    """The three JSON documents of an image, and what it runs on."""

    config: Document
    manifest: Document
    index: Document
    platform: Platform


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
    return (
        platform if platform.architecture else replace(platform, architecture=DEFAULT.architecture)
    )


def _environment(spec: ImageSpec, layers: tuple[BuiltLayer, ...]) -> list[str]:
    env = {"PATH": PATH}
    for layer in layers:
        env.update(layer.env)
    env.update(spec.config.env)
    return [f"{name}={value}" for name, value in env.items()]


def _healthcheck(command: tuple[str, ...]) -> dict[str, Any]:
    return {"Test": ["CMD", *command], **_HEALTHCHECK_TIMES} if command else {}


def _config(spec: ImageSpec, layers: tuple[BuiltLayer, ...], platform: Platform) -> dict[str, Any]:
    config = spec.config
    container: dict[str, Any] = {
        "User": config.user,
        "ExposedPorts": {port: {} for port in config.exposed_ports},
        "Env": _environment(spec, layers),
        "Entrypoint": list(config.entrypoint),
        "Cmd": list(config.cmd),
        "WorkingDir": config.workdir,
        "Labels": dict(config.labels),
        "StopSignal": config.stop_signal,
        "Healthcheck": _healthcheck(config.healthcheck),
        "Shell": list(config.shell),
        "OnBuild": list(config.onbuild),
    }
    container = {key: value for key, value in container.items() if value}
    targets = [layer.descriptor.target for layer in layers]
    return {
        "created": spec.created,
        "architecture": platform.architecture,
        "os": OS,
        "config": container,
        "rootfs": {"type": "layers", "diff_ids": [layer.descriptor.diff_id for layer in layers]},
        "history": image_history(targets, container, spec.created),
    }


def image_index(
    manifest: Document, tag: str, platform: Platform, more: Sequence[dict[str, Any]] = ()
) -> Document:
    """The `index.json` of a layout with one image.

    Args:
        manifest: The image's.
        tag: The image's name in the layout.
        platform: What the image runs on.
        more: Descriptors of what is listed after the image.
    """
    image = manifest.descriptor(
        MANIFEST_MEDIA_TYPE,
        annotations={REF_NAME_ANNOTATION: tag},
        platform={"architecture": platform.architecture, "os": OS},
    )
    return Document.of(
        {"schemaVersion": 2, "mediaType": INDEX_MEDIA_TYPE, "manifests": [image, *more]}
    )


def assemble(spec: ImageSpec, layers: tuple[BuiltLayer, ...]) -> AssembledImage:
    """Write an image's config, manifest and index.

    Args:
        spec: What the image is.
        layers: The layers that `spec.layers` names, in that order.

    Raises:
        PlatformError: layers are for different platforms.
    """
    platform = image_platform(spec, layers)
    config = Document.of(_config(spec, layers, platform))
    manifest = Document.of(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_MEDIA_TYPE,
            "config": config.descriptor(CONFIG_MEDIA_TYPE),
            "layers": [
                {
                    "mediaType": layer.descriptor.media_type,
                    "digest": layer.descriptor.digest,
                    "size": layer.descriptor.size,
                }
                for layer in layers
            ],
        }
    )
    return AssembledImage(config, manifest, image_index(manifest, spec.tag, platform), platform)
