"""Registries in memory, and an image to push."""

from __future__ import annotations

from typing import Iterator

import pytest
from oci.format.layout import Layout
from oci.testing.images import write_image
from oci.testing.quirks import LARGE, SMALL
from oci.testing.stand_in import StandInRegistry


@pytest.fixture
def registry() -> Iterator[StandInRegistry]:
    with StandInRegistry() as running:
        yield running


@pytest.fixture
def storage() -> Iterator[StandInRegistry]:
    """Another server."""
    with StandInRegistry() as running:
        yield running


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return write_image(tmp_path_factory.mktemp("image"), [SMALL, LARGE])
