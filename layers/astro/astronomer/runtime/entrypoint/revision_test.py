from __future__ import annotations

from pathlib import Path

import pytest
from astronomer.runtime.entrypoint.conftest import Entrypoint
from astronomer.runtime.entrypoint.revision import (
    known_revisions,
    migrations_folder,
    refuse_unknown,
)
from astronomer.runtime.errors import ConfigurationError


@pytest.fixture
def airflow(entrypoint: Entrypoint, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An Airflow with two migrations, which cannot be imported."""
    entrypoint.install_migrations("e3a246e0dc1", "f5fcbda3e651")
    monkeypatch.syspath_prepend(str(entrypoint.packages))
    return entrypoint.packages / "airflow"


def test_the_migrations_are_found_without_importing_airflow(airflow: Path) -> None:
    assert migrations_folder() == airflow / "migrations" / "versions"


def test_every_way_to_write_a_revision_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("# comment\nrevision = 'e3a246e0dc1'\ndown_revision = 'no'\n")
    (tmp_path / "b.py").write_text('revision: str = "f5fcbda3e651"\n')
    (tmp_path / "__init__.py").write_text("")

    assert known_revisions(tmp_path) == {"e3a246e0dc1", "f5fcbda3e651"}


def test_known_revisions_and_none_at_all_pass(airflow: Path) -> None:
    refuse_unknown(["f5fcbda3e651"])
    refuse_unknown([])


def test_an_unknown_revision_is_refused_with_a_way_out(airflow: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        refuse_unknown(["ecb43d2a1842"])

    assert str(error.value).startswith("database revision ecb43d2a1842 is not known to Airflow ")
    assert "use an image of that version, or restore a backup" in str(error.value)


def test_without_migrations_there_is_nothing_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    refuse_unknown(["ecb43d2a1842"])
