"""Fixtures of the tests of all releases."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from tests.engine.session import Engine


@pytest.fixture(scope="session")
def load(engine: Engine, dist: Path) -> Callable[[str], str]:
    """Loads the image of a release; the engine forgets it at the session's end."""
    return lambda release: engine.load(dist / "images" / release, keep=False)
