"""The signature of an image, as cosign makes it with a key pair and looks for it.

Source: cosign's signature specification: a payload in the simple-signing format, its signature in
an annotation of a manifest whose tag is made from the image's digest.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from pathlib import Path

from oci.format.errors import FormatError
from oci.format.image import (
    MANIFEST_MEDIA_TYPE,
    REF_NAME_ANNOTATION,
    Document,
    image_manifest,
    index_of,
)
from oci.format.layout import layout_files, read_layout
from oci.signing.openssl import SigningError

SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature"
PAYLOAD_MEDIA_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"


def payload(repository: str, digest: str) -> Document:
    """What is signed: that a repository has an image of this digest."""
    return Document.of(
        {
            "critical": {
                "identity": {"docker-reference": repository},
                "image": {"docker-manifest-digest": digest},
                "type": "cosign container image signature",
            },
            "optional": None,
        }
    )


def signature_tag(digest: str) -> str:
    """The tag at which the signature of an image stands in the image's repository."""
    return f"{digest.replace(':', '-')}.sig"


@dataclass(frozen=True)
class Signature:
    """A signed payload."""

    payload: bytes
    signature: bytes


def signature_layout(digest: str, signed: Document, signature: bytes) -> dict[str, bytes]:
    """The files of an OCI image layout that holds the signature of an image.

    Args:
        digest: Of the image's manifest.
        signed: The payload.
        signature: In DER.
    """
    config = Document.of(
        {
            "architecture": "",
            "config": {},
            "os": "",
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{signed.sha256}"]},
        }
    )
    annotations = {SIGNATURE_ANNOTATION: b64encode(signature).decode()}
    manifest = image_manifest(
        config, [signed.descriptor(PAYLOAD_MEDIA_TYPE, annotations=annotations)]
    )
    named = manifest.descriptor(
        MANIFEST_MEDIA_TYPE, annotations={REF_NAME_ANNOTATION: signature_tag(digest)}
    )
    return layout_files(index_of([named]), (config, manifest, signed))


def read_signature(folder: Path) -> Signature:
    """Read what `signature_layout` gave.

    Raises:
        SigningError: the folder holds no signature.
    """
    try:
        layout = read_layout(folder)
        (layer,) = layout.manifest["layers"]
        encoded = layer["annotations"][SIGNATURE_ANNOTATION]
        signed = layout.blob(layer["digest"]).read_bytes()
        return Signature(signed, b64decode(encoded, validate=True))
    except (FormatError, OSError, ValueError, KeyError, TypeError, Base64Error):
        raise SigningError(
            f"{folder}: there is no signature here. Sign the image with the goal `sign`."
        ) from None
