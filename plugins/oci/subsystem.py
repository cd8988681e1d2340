"""Options of the backend."""

from __future__ import annotations

from enum import Enum

from pants.option.option_types import DictOption, EnumOption, ShellStrListOption, StrOption
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
            URI of what builds, for the provenance statements of images: a CI system sets it to the
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
