from __future__ import annotations

from dataclasses import replace

import pytest
from runtime.backports import check_distinct, patched_airflow
from runtime.manifest import Manifest, ManifestError
from runtime.manifest_test import BACKPORT, parse


def carrying(*numbers: int, release: str = "5.0.6", build: int = 1) -> Manifest:
    backports = [{**BACKPORT, "pull_request": number} for number in numbers]
    manifest = parse(backports=backports, airflow_build=build)
    return replace(manifest, release=release, path=f"versions/{release}/release.yaml")


def test_a_release_changes_airflow_by_its_backports_in_order() -> None:
    (airflow,) = patched_airflow(carrying(24906, 24676))

    assert (airflow.name, airflow.local_version) == ("apache-airflow", "astro.1")
    assert [path.rpartition("/")[2] for path in airflow.patches] == [
        "local-version.patch",
        "24906.patch",
        "24676.patch",
    ]


def test_a_release_without_backports_has_airflow_as_it_was_released() -> None:
    assert patched_airflow(parse()) == ()
    assert parse().installed_airflow == "2.3.3"


def test_two_releases_can_share_one_airflow() -> None:
    check_distinct([carrying(24906), carrying(24906, release="5.0.7")])


def test_another_set_of_backports_needs_another_number() -> None:
    check_distinct([carrying(24906), carrying(24906, 25296, release="5.0.7", build=2)])
    with pytest.raises(
        ManifestError,
        match="^versions/5.0.7/release.yaml: `airflow_build` is 1, as in versions/5.0.6/release",
    ):
        check_distinct([carrying(24906), carrying(24906, 25296, release="5.0.7")])
