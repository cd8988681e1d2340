"""The signature of an image, as cosign makes it with a key pair and looks for it.

Source: cosign's signature specification: a payload in the simple-signing format, its signature in
an annotation of a manifest whose tag is made from the image's digest.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oci.image import (
    CONFIG_MEDIA_TYPE,
    INDEX_MEDIA_TYPE,
    LAYOUT,
    MANIFEST_MEDIA_TYPE,
    REF_NAME_ANNOTATION,
    Document,
)
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
    manifest = Document.of(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_MEDIA_TYPE,
            "config": config.descriptor(CONFIG_MEDIA_TYPE),
            "layers": [signed.descriptor(PAYLOAD_MEDIA_TYPE, annotations=annotations)],
        }
    )
    named = manifest.descriptor(
        MANIFEST_MEDIA_TYPE, annotations={REF_NAME_ANNOTATION: signature_tag(digest)}
    )
    index = Document.of({"schemaVersion": 2, "mediaType": INDEX_MEDIA_TYPE, "manifests": [named]})
    return {
        "index.json": index.content,
        "oci-layout": LAYOUT,
        **{
            f"blobs/sha256/{document.sha256}": document.content
            for document in (config, manifest, signed)
        },
    }


def read_signature(folder: Path) -> Signature:
    """Read what `signature_layout` gave.

    Raises:
        SigningError: the folder holds no signature.
    """

    def blob(descriptor: dict[str, Any]) -> bytes:
        return (folder / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()

    try:
        index = json.loads((folder / "index.json").read_bytes())
        (layer,) = json.loads(blob(index["manifests"][0]))["layers"]
        encoded = layer["annotations"][SIGNATURE_ANNOTATION]
        return Signature(blob(layer), b64decode(encoded, validate=True))
    except (OSError, ValueError, KeyError, IndexError, TypeError, Base64Error):
        raise SigningError(
            f"{folder}: there is no signature here. Sign the image with the goal `sign`."
        ) from None
