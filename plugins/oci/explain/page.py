"""The catalogue of images as one HTML page that needs nothing else."""

from __future__ import annotations

import json
import pkgutil
from typing import Sequence

from oci.contents import ImageContents
from oci.explain.document import catalogue_document
from oci.natural_order import natural_order


def _asset(name: str) -> str:
    content = pkgutil.get_data("oci.explain", name)
    assert content is not None
    return content.decode()


def catalogue_page(images: Sequence[ImageContents]) -> bytes:
    """The page, with its style, its program and its data inside.

    Args:
        images: In any order; the page lists them in the natural one of their references.
    """
    ordered = sorted(images, key=lambda image: natural_order(image.reference))
    data = json.dumps(catalogue_document(ordered), sort_keys=True, separators=(",", ":"))
    # Nothing in the data may end the script element that holds it.
    data = data.replace("<", "\\u003c")
    page = _asset("page.html")
    for mark, content in (
        ("/* style */", _asset("page.css")),
        ("/* program */", _asset("page.js")),
        ("/* data */", data),
    ):
        page = page.replace(mark, content)
    return page.encode()
