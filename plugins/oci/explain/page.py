"""The catalogue of images as one HTML page that needs nothing else."""

from __future__ import annotations

import json
import pkgutil
from typing import Mapping, Sequence

from oci.contents import ImageContents
from oci.explain.catalogue import catalogue_document

_PROGRAM = ("data.js", "matrix.js", "space.js", "changes.js", "search.js", "state.js")
"""In the order in which they run."""


def _asset(name: str) -> str:
    content = pkgutil.get_data("oci.explain", name)
    assert content is not None
    return content.decode()


def catalogue_page(images: Sequence[ImageContents], versions: Mapping[str, str] = {}) -> bytes:
    """The page, with its style, its program and its data inside.

    Args:
        images: In any order.
        versions: See `catalogue_document`.
    """
    data = json.dumps(catalogue_document(images, versions), sort_keys=True, separators=(",", ":"))
    # Nothing in the data may end the script element that holds it.
    data = data.replace("<", "\\u003c")
    page = _asset("page.html")
    for mark, content in (
        ("/* style */", _asset("page.css")),
        ("/* program */", "\n".join(map(_asset, _PROGRAM))),
        ("/* data */", data),
    ):
        page = page.replace(mark, content)
    return page.encode()
