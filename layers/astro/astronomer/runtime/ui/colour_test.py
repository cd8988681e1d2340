from __future__ import annotations

import pytest
from astronomer.runtime.ui.colour import is_dark


@pytest.mark.parametrize("colour", ["#4a4466", "#000", " #1A1a1a "])
def test_light_text_is_read_on_dark_colours(colour: str) -> None:
    assert is_dark(colour)


@pytest.mark.parametrize("colour", ["#fff", "#ffffff", "white", "rgb(0, 0, 0)", "", "#12"])
def test_others_count_as_light(colour: str) -> None:
    assert not is_dark(colour)
