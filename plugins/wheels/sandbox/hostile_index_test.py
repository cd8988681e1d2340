"""Pages of an index, whatever is in them, give links or none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oci.testing.fuzz import TOO_DEEP, altered, fuzzed, mangled
from wheels.sandbox.simple_index import file_urls

URL = "http://index.example/simple/demo/"
HTML = b"""<!DOCTYPE html><html><head><base href="/files/"></head><body>
<a href="demo-1.0-py3-none-any.whl#sha256=00">demo</a><![CDATA[ x ]]><!-- x -->&amp;&#120;
</body></html>"""
JSON = {"files": [{"filename": "demo-1.0-py3-none-any.whl", "url": "demo.whl", "hashes": {}}]}


def links(page: bytes, content_type: str) -> None:
    found = file_urls(page, content_type, URL)
    assert all(isinstance(each, str) for pair in found.items() for each in pair)


@fuzzed(300)
@given(mangled(HTML))
def test_a_damaged_page_gives_links_or_none(page: bytes) -> None:
    links(page, "text/html")


@fuzzed(200)
@given(altered(JSON))
def test_json_with_other_values_gives_links_or_none(page: Any) -> None:
    links(json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")


@fuzzed(50)
@given(st.binary(max_size=50), st.sampled_from(["text/html", "application/json", "", "\xff"]))
def test_anything_gives_links_or_none(page: bytes, content_type: str) -> None:
    links(page, content_type)


@pytest.mark.parametrize(
    "page",
    [b"<![x[", b"<!x [", b'<a href="http://[">', b'<base href="http://["><a href="x">', TOO_DEEP],
)
def test_what_python_stumbles_over_gives_none(page: bytes) -> None:
    assert file_urls(page, "text/html", URL) == {}
    assert file_urls(page, "application/json", URL) == {}
