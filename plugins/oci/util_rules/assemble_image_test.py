from __future__ import annotations

import json
import posixpath

import pytest
from oci.format.platform import Platform
from oci.image import AssembledImage, Document, image_index
from oci.util_rules.assemble_image import write_layout
from pants.engine.fs import FileContent, SymlinkEntry

CONFIG, MANIFEST = Document.of({"config": 1}), Document.of({"manifest": 1})
PLATFORM = Platform("amd64")
INDEX = image_index(MANIFEST, "1.0", PLATFORM)


@pytest.mark.parametrize("folder", ["images/1.0", "images/acme/tool", "images/a/b/c+1.0"])
def test_a_layout_finds_its_blobs_however_deep_it_lies(folder: str) -> None:
    entries = write_layout(folder, (), AssembledImage(CONFIG, MANIFEST, INDEX, PLATFORM), INDEX)
    (link,) = (entry for entry in entries if isinstance(entry, SymlinkEntry))
    blobs = posixpath.normpath(posixpath.join(posixpath.dirname(link.path), link.target))
    files = {entry.path: entry.content for entry in entries if isinstance(entry, FileContent)}
    (listed,) = json.loads(files[f"{folder}/index.json"])["manifests"]
    assert files[f"{blobs}/{listed['digest'].replace(':', '/')}"] == MANIFEST.content
