from __future__ import annotations

import pytest
from astronomer.runtime.ui.versions import image_tag, version_line


def test_outside_of_an_image_the_release_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASTRONOMER_RUNTIME_VERSION", raising=False)
    assert version_line().startswith("Astronomer Runtime (unknown version) based on Airflow 2.")


def test_the_image_tag_is_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__ASTRONOMER__IMAGE_TAG", "deploy-2022-07-11T10-00")
    assert image_tag() == "deploy-2022-07-11T10-00"
