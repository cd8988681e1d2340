from __future__ import annotations

from astronomer.runtime.ui.react_footer import module


def test_the_text_is_a_literal_in_the_component() -> None:
    source = module("Astronomer Runtime 3.3-1")

    assert source.count('"Astronomer Runtime 3.3-1",\n') == 1
    assert "@LINE@" not in source


def test_a_text_cannot_end_its_literal_or_a_script() -> None:
    source = module('"); alert(1); ("</script>')

    assert r'"\"); alert(1); (\"<\/script>",' in source
