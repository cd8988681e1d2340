"""Small images in OCI layouts, to push."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Iterable, List, Mapping, Sequence, Union

from oci.format.image import MANIFEST_MEDIA_TYPE, Document, image_index, image_manifest
from oci.format.layout import Layout, layout_files, read_layout
from oci.format.platform import DEFAULT
from oci.format.referrers import EMPTY, EMPTY_MEDIA_TYPE, TITLE_ANNOTATION, Referrer

MB = 1 << 20

LAYER_MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar"


def noise(seed: str, size: int) -> bytes:
    """Bytes that no two seeds have in common."""
    return hashlib.shake_256(seed.encode()).digest(size)


def write_files(folder: Path, index: Document, blobs: Iterable[Document]) -> None:
    """Write a layout. Arguments: as for `layout_files`."""
    for name, content in layout_files(index, blobs).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_image(
    folder: Path,
    layers: Sequence[bytes],
    name: str = "image",
    about: Union[Sequence[str], Mapping[str, str]] = (),
) -> Layout:
    """Write an image whose layers are these bytes. No engine could run it.

    Args:
        folder: Of the layout.
        layers: From the bottom to the top.
        name: A label.
        about: Texts to attach to the image, by their file names where they are to have one.
    """
    blobs = [Document(layer) for layer in layers]
    config = Document.of(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": {"name": name}},
            "rootfs": {"type": "layers", "diff_ids": [blob.digest for blob in blobs]},
        }
    )
    manifest = image_manifest(config, [blob.descriptor(LAYER_MEDIA_TYPE) for blob in blobs])
    attached: List[Referrer] = []
    for text in about:
        # A document of others need not have a file name.
        named = {"annotations": {TITLE_ANNOTATION: text}} if isinstance(about, Mapping) else {}
        document = Document((about[text] if isinstance(about, Mapping) else text).encode())
        blobs.append(document)
        attached.append(
            Referrer(
                Document.of(
                    {
                        "schemaVersion": 2,
                        "mediaType": MANIFEST_MEDIA_TYPE,
                        "artifactType": "text/plain",
                        "config": EMPTY.descriptor(EMPTY_MEDIA_TYPE),
                        "layers": [document.descriptor("text/plain", **named)],
                        "subject": manifest.descriptor(MANIFEST_MEDIA_TYPE),
                    }
                )
            )
        )
    index = image_index(manifest, name, DEFAULT, [each.descriptor for each in attached])
    documents = [config, manifest, EMPTY, *(each.manifest for each in attached)]
    write_files(folder, index, [*blobs, *documents])
    return read_layout(folder)
