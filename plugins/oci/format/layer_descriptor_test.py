from __future__ import annotations

import json

import pytest
from oci.format.layer_descriptor import LayerDescriptor

DESCRIPTOR = LayerDescriptor(
    target="layers/app:app",
    media_type="application/vnd.oci.image.layer.v1.tar+gzip",
    digest="sha256:" + "ab" * 32,
    size=10,
    diff_id="sha256:" + "cd" * 32,
    uncompressed_size=20,
    codec="igzip -2",
    path_count=1,
    packages=("pkg:pypi/pip@22.1.2",),
)


def test_a_descriptor_is_read_as_it_was_written() -> None:
    assert LayerDescriptor.from_json(DESCRIPTOR.to_json()) == DESCRIPTOR


def test_its_names_in_json_are_those_of_the_specification() -> None:
    assert {"mediaType", "digest", "size", "diffID"} <= set(json.loads(DESCRIPTOR.to_json()))


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"target": "a"}', b"\xff"])
def test_what_is_no_descriptor_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        LayerDescriptor.from_json(content)
