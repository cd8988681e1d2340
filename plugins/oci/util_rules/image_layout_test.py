from __future__ import annotations

import json
import posixpath

import pytest
from oci.format.image import Document, image_index
from oci.format.platform import DEFAULT
from oci.util_rules.image_layout import document_entries, listing_entries
from pants.engine.fs import FileContent, SymlinkEntry

MANIFEST = Document.of({"manifest": 1})


@pytest.mark.parametrize("folder", ["images/1.0", "images/acme/tool", "images/a/b/c+1.0"])
def test_a_layout_finds_its_blobs_however_deep_it_lies(folder: str) -> None:
    listing = listing_entries(folder, image_index(MANIFEST, "1.0", DEFAULT))
    entries = [*document_entries([MANIFEST]), *listing]
    (link,) = (entry for entry in entries if isinstance(entry, SymlinkEntry))
    blobs = posixpath.normpath(posixpath.join(posixpath.dirname(link.path), link.target))
    files = {entry.path: entry.content for entry in entries if isinstance(entry, FileContent)}
    (listed,) = json.loads(files[f"{folder}/index.json"])["manifests"]
    assert files[f"{blobs}/{listed['digest'].replace(':', '/')}"] == MANIFEST.content
