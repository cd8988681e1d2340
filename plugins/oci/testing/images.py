"""Small images in OCI layouts, to push."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Dict, Mapping, Sequence, Union

from oci.format.layout import Layout, read_layout

MB = 1 << 20


def noise(seed: str, size: int) -> bytes:
    """Bytes that no two seeds have in common."""
    return hashlib.shake_256(seed.encode()).digest(size)


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
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def store(media_type: str, content: bytes) -> Dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    def document(media_type: str, content: Dict[str, Any]) -> Dict[str, Any]:
        return store(media_type, json.dumps(content).encode())

    kind = "application/vnd.oci.image"
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": {"name": name}},
        "rootfs": {
            "type": "layers",
            "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers],
        },
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": document(f"{kind}.config.v1+json", config),
        "layers": [store(f"{kind}.layer.v1.tar", layer) for layer in layers],
    }
    image = document(f"{kind}.manifest.v1+json", manifest)

    def text_blob(text: str) -> Dict[str, Any]:
        if not isinstance(about, Mapping):
            return store("text/plain", text.encode())
        title = {"org.opencontainers.image.title": text}
        return {**store("text/plain", about[text].encode()), "annotations": title}

    attached = [
        document(
            f"{kind}.manifest.v1+json",
            {
                "schemaVersion": 2,
                "mediaType": f"{kind}.manifest.v1+json",
                "artifactType": "text/plain",
                "config": store("application/vnd.oci.empty.v1+json", b"{}"),
                "layers": [text_blob(text)],
                "subject": image,
            },
        )
        for text in about
    ]
    index = {"schemaVersion": 2, "manifests": [image, *attached]}
    (folder / "index.json").write_text(json.dumps(index))
    return read_layout(folder)
