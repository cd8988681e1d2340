from __future__ import annotations

from pathlib import Path
from typing import List

import pytest
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.entrypoint.conftest import Entrypoint
from astronomer.runtime.entrypoint.former_revisions import former_revisions
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


@pytest.mark.parametrize("revision", ["ecb43d2a1842", "22ed7efa9da2", "d2f4e1b3c5a7"])
def test_the_revision_of_a_newer_airflow_is_refused_with_a_way_out(
    airflow: Path, revision: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        refuse_unknown(["f5fcbda3e651", revision])

    assert str(error.value).startswith(f"database revision {revision} ")
    assert "use an image of that version, or restore a backup" in str(error.value)


def test_a_newer_airflow_is_named_where_it_is_known(airflow: Path) -> None:
    with pytest.raises(
        ConfigurationError, match="ecb43d2a1842 .new in Airflow 2.4.0. is not known"
    ):
        refuse_unknown(["ecb43d2a1842"])


@pytest.fixture
def airflow_3(entrypoint: Entrypoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow 3 with the first and the last of its migrations."""
    entrypoint.install_migrations("4bc4d934e2bc", "405de8318b3a", "d2f4e1b3c5a7")
    monkeypatch.syspath_prepend(str(entrypoint.packages))


# Of each Airflow that a release has, and of those in between.
HEADS = {
    "2.2.4": "587bdf053233",
    "2.3.0": "b1b348e02d07",
    "2.3.1": "1de7bc13c950",
    "2.3.2": "3c94c427fdf6",
    "2.3.3": "f5fcbda3e651",
    "2.4.3": "e07f49787c9d",
    "2.6.2": "c804e5c76e3e",
}


@pytest.mark.usefixtures("airflow_3")
@pytest.mark.parametrize("release", HEADS)
def test_airflow_3_names_the_releases_that_an_old_database_goes_through(release: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        refuse_unknown([HEADS[release]])

    assert f"revision {HEADS[release]} (new in Airflow {release}) is not known" in str(error.value)
    assert "with a release of Airflow 2.7 to 2.11 first" in str(error.value)
    assert "newer Airflow" not in str(error.value)


@pytest.mark.usefixtures("airflow_3")
@pytest.mark.parametrize("revisions", [["ffffffffffff"], ["f5fcbda3e651", "ffffffffffff"]])
def test_airflow_3_tells_a_newer_database_from_an_old_one(revisions: List[str]) -> None:
    with pytest.raises(ConfigurationError, match="it was made by a newer Airflow"):
        refuse_unknown(revisions)


@pytest.mark.usefixtures("airflow_3")
@pytest.mark.parametrize("revisions", [[], ["405de8318b3a"], ["4bc4d934e2bc", "d2f4e1b3c5a7"]])
def test_airflow_3_migrates_what_it_knows_and_what_is_new(revisions: List[str]) -> None:
    refuse_unknown(revisions)


def test_all_migrations_of_the_installed_airflow_are_known_as_former_ones() -> None:
    folder = migrations_folder()
    assert folder is not None
    former = former_revisions()
    assert known_revisions(folder) <= former.keys()
    release = "{}.{}.{}".format(*airflow_version())
    assert max(former[each] for each in known_revisions(folder)) <= release


def test_without_migrations_there_is_nothing_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    refuse_unknown(["ecb43d2a1842"])
