"""An image as JSON: its configuration, its manifest, and an index that lists it.

An image is a list of layers plus these pages: nothing here reads a layer's bytes.
Source: OCI image spec 1.1, config.md, manifest.md, image-index.md and descriptor.md.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from oci.format.history import image_history
from oci.format.layer_descriptor import LayerDescriptor
from oci.format.platform import OS, Platform

MANIFEST_MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_MEDIA_TYPE = "application/vnd.oci.image.config.v1+json"
INDEX_MEDIA_TYPE = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST_MEDIA_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
REF_NAME_ANNOTATION = "org.opencontainers.image.ref.name"

_SECOND = 10**9
"""Docker's durations are in nanoseconds."""

_HEALTHCHECK_TIMES = {
    "Interval": 30 * _SECOND,
    "Timeout": 30 * _SECOND,
    # A failure counts only after this, so that a slow start is not a failure.
    "StartPeriod": 120 * _SECOND,
    "Retries": 3,
}


@dataclass(frozen=True)
class Document:
    """A small blob, held in memory, with its digest."""

    content: bytes

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Document:
        """Encode JSON canonically: white space and key order are part of a digest."""
        return cls(json.dumps(data, sort_keys=True, separators=(",", ":")).encode())

    @cached_property
    def sha256(self) -> str:
        """In hex."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def digest(self) -> str:
        """`sha256:<hex>`."""
        return f"sha256:{self.sha256}"

    def descriptor(self, media_type: str, **more: Any) -> Dict[str, Any]:
        """How other documents refer to it."""
        return {"mediaType": media_type, "digest": self.digest, "size": len(self.content), **more}


def _written(key: str, default: Any = (), encode: Callable[[Any], Any] = list) -> Any:
    """A field of `ImageConfig`, with its name in JSON, and how it is written there if it is set."""
    return field(default=default, metadata={"key": key, "encode": encode})


def _lines(variables: Sequence[Tuple[str, str]]) -> List[str]:
    return [f"{name}={value}" for name, value in variables]


def _healthcheck(command: Sequence[str]) -> Dict[str, Any]:
    return {"Test": ["CMD", *command], **_HEALTHCHECK_TIMES}


@dataclass(frozen=True)
class ImageConfig:
    """What an engine needs to know to start a container: `config` of an image's configuration.

    The targets of images have a field for each, by the same name, but for `shell` and `onbuild`.
    """

    entrypoint: Tuple[str, ...] = _written("Entrypoint")
    cmd: Tuple[str, ...] = _written("Cmd")

    env: Tuple[Tuple[str, str], ...] = _written("Env", encode=_lines)
    """Names and values, in the order in which they are written."""

    user: str = _written("User", "", str)
    workdir: str = _written("WorkingDir", "", str)

    exposed_ports: Tuple[str, ...] = _written(
        "ExposedPorts", encode=lambda ports: {port: {} for port in ports}
    )
    """For example `8080/tcp`."""

    labels: Tuple[Tuple[str, str], ...] = _written("Labels", encode=dict)
    """Names and values."""

    stop_signal: str = _written("StopSignal", "", str)

    healthcheck: Tuple[str, ...] = _written("Healthcheck", encode=_healthcheck)
    """The command that tells whether a container is healthy. Docker's extension."""

    shell: Tuple[str, ...] = _written("Shell")
    """The shell of RUN steps in images built on this one. Docker's extension."""

    onbuild: Tuple[str, ...] = _written("OnBuild")
    """Dockerfile steps that run first in an image built on this one. Docker's extension."""

    def to_json(self) -> Dict[str, Any]:
        """What is set, as engines read it."""
        values = {each: getattr(self, each.name) for each in fields(self)}
        return {
            each.metadata["key"]: each.metadata["encode"](value)
            for each, value in values.items()
            if value
        }


CONFIG_KEYS: Tuple[str, ...] = tuple(each.metadata["key"] for each in fields(ImageConfig))
"""The keys that `ImageConfig.to_json` writes."""


def image_config(
    container: ImageConfig, layers: Sequence[LayerDescriptor], created: str, platform: Platform
) -> Document:
    """An image's configuration.

    Args:
        container: What engines start.
        layers: From the bottom to the top.
        created: RFC 3339, for example `2022-07-11T00:00:00Z`. Never from the clock.
        platform: What the image runs on.
    """
    config = container.to_json()
    return Document.of(
        {
            "created": created,
            "architecture": platform.architecture,
            "os": OS,
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": image_history([layer.target for layer in layers], config, created),
        }
    )


def image_manifest(config: Document, layers: Sequence[Mapping[str, Any]]) -> Document:
    """An image's manifest.

    Args:
        config: Its configuration.
        layers: Descriptors of its layers, from the bottom to the top.
    """
    return Document.of(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_MEDIA_TYPE,
            "config": config.descriptor(CONFIG_MEDIA_TYPE),
            "layers": list(layers),
        }
    )


def index_of(listed: Sequence[Mapping[str, Any]]) -> Document:
    """An index.

    Args:
        listed: Descriptors of manifests.
    """
    return Document.of(
        {"schemaVersion": 2, "mediaType": INDEX_MEDIA_TYPE, "manifests": list(listed)}
    )


def image_index(
    manifest: Document, tag: str, platform: Platform, more: Sequence[Mapping[str, Any]] = ()
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
    return index_of([image, *more])
