"""Options of the backend."""

from __future__ import annotations

from enum import Enum
from typing import Any

from pants.option.option_types import (
    BoolOption,
    DictOption,
    EnumOption,
    ShellStrListOption,
    StrListOption,
    StrOption,
)
from pants.option.subsystem import Subsystem
from pants.util.docutil import bin_name
from pants.util.strutil import softwrap


class Compression(Enum):
    """Codecs of layer blobs."""

    GZIP = "gzip"
    ZSTD = "zstd"


class OciSubsystem(Subsystem):
    """Options of `[oci]`."""

    options_scope = "oci"
    help = "Options for building OCI images from layers."

    compression = EnumOption(
        default=Compression.GZIP,
        help=softwrap(
            """
            How layer blobs are compressed. Every engine and registry reads `gzip`; `zstd` is
            smaller and needs containerd 1.5, Docker 23 or newer. The uncompressed layers, and so
            their diffIDs, are the same.
            """
        ),
    )
    toolchain = StrOption(
        default=None,
        help=softwrap(
            """
            Address of the target that provides the programs which build layers: a Python 3.9 or
            newer, `igzip` and `zstd`. For example `layers/build:toolchain`.
            """
        ),
    )
    builder_id = StrOption(
        default="urn:pants-oci:builder:unnamed",
        help=softwrap(
            """
            URI of the builder, for the provenance statements of images. A CI system sets it to the
            one that its users trust.
            """
        ),
    )
    interpreters = DictOption[str](
        default={},
        help=softwrap(
            """
            Addresses of toolchains by the version of their Python, for images whose Python is
            another one than that of `[oci].toolchain`. For example
            `{"3.11": "layers/build:python3.11"}`.

            Bytecode is of use only to the version that compiled it.
            """
        ),
    )
    run_args = ShellStrListOption(
        help=softwrap(
            f"""
            Arguments for `docker run` in `{bin_name()} run` of an image, for example
            `--oci-run-args="--publish 127.0.0.1:8080:8080"`.
            """
        ),
    )
    registries = DictOption[Any](
        help=softwrap(
            f"""
            Where `{bin_name()} publish` pushes images to: a table for each registry, for example

                [oci.registries.production]
                address = "registry.example.com"
                default = true
                repository = "astronomer/{{repository}}"

            `address` is a host, with a port if need be. `default` says that images go there which
            name no registry in `registries`; an entry called `default` has it. `repository` is a
            template with `{{repository}}` (the image's own field), `{{name}}`, `{{directory}}` and
            `{{parent_directory}}` (of its target). `plain_http = true` does without TLS on another
            machine. `mount_from` lists repositories of the registry that may have the same layers,
            besides those of the images here. `chunk_mb` is how much one request sends, 64 by
            default: set it lower where something before the registry takes less.
            `attach = false` leaves out bills of materials and provenance, for registries that
            take images alone.

            Credentials come from Docker's configuration: `docker login` makes them.
            """
        ),
    )
    publish_force = BoolOption(
        default=False,
        help=softwrap(
            f"""
            Whether `{bin_name()} publish` moves a tag that points at another image. Without it,
            that is an error: what is published stays what it is.
            """
        ),
    )
    publish_env_vars = StrListOption(
        default=[
            "DOCKER_CONFIG",
            "HOME",
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "NO_PROXY",
            "PATH",
            "REQUESTS_CA_BUNDLE",
            "SSL_CERT_FILE",
            "XDG_RUNTIME_DIR",
            "http_proxy",
            "https_proxy",
            "no_proxy",
        ],
        advanced=True,
        help=softwrap(
            """
            Environment variables that pushes, and the credential helpers that they start, see: as
            `NAME` or `NAME=VALUE`.
            """
        ),
    )
