from __future__ import annotations

import datetime
import json
from typing import Mapping

from debian.util_rules.uploads import Upload
from pants.util.frozendict import FrozenDict
from runtime.catalogue import Catalogue, Release
from runtime.debian_notes import DebianFacts
from runtime.documents import documents
from runtime.goals.check import stale
from runtime.manifest import Backport
from runtime.published import DebianState, PublishedRelease
from runtime.testutil import FACTS, make_catalogue, make_manifest, make_policy, make_release, seal

BEFORE = make_release(make_manifest("5.0.6"), {"boto3": "1.24.0", "rich": "12.4.4"})
AFTER = make_release(
    make_manifest(
        "5.0.7",
        date=datetime.date(2022, 8, 16),
        providers=FrozenDict({"amazon": "4.0.1", "ftp": "3.0.0"}),
    ),
    {"boto3": "1.24.1"},
)
UPLOADS = (
    Upload("2022-08-20", "openssl", "1.1.1n-0+deb11u4", ("openssl",), ("CVE-2022-4450",)),
    Upload("2022-07-30", "openssl", "1.1.1n-0+deb11u3", ("openssl",), ("CVE-2022-2097",)),
    Upload("2022-06-24", "openssl", "1.1.1n-0+deb11u2", ("openssl",), ("CVE-2022-2068",)),
)
WITH_UPLOADS = {"bullseye": DebianFacts("bullseye", FACTS["bullseye"].now, "2022-02-22", UPLOADS)}


def both(sealed: PublishedRelease = seal(AFTER)) -> Catalogue:
    return make_catalogue(BEFORE, AFTER, seals={"5.0.6": seal(BEFORE), "5.0.7": sealed})


def notes(catalogue: Catalogue, facts: Mapping[str, DebianFacts] = FACTS) -> str:
    return documents(catalogue, facts)["5.0.7.md"].decode()


def test_notes_say_what_changed_of_each_kind() -> None:
    text = notes(both())

    assert "Airflow 2.3.3, as before." in text
    assert "| apache-airflow-providers-amazon | 4.0.0 | 4.0.1 |" in text
    assert "| apache-airflow-providers-ftp |  | 3.0.0 |" in text
    assert "## Other Python packages (2)" in text
    assert "| boto3 | 1.24.0 | 1.24.1 |\n| rich | 12.4.4 |  |" in text


def test_notes_tell_backports_and_those_that_airflow_has_now() -> None:
    def release(number: str, airflow: str, *backports: Backport) -> Release:
        return make_release(
            make_manifest(number, airflow=airflow, backports=backports, airflow_build=1)
        )

    zombies = Backport(24906, "Zombies failed twice.", "2.3.4", "")
    grid = Backport(25296, "The grid was slow.", "2.4.0", "")
    theme = Backport(25550, "Colours.", "2.4.0", "It is of the front end.")
    text = notes(
        make_catalogue(release("5.0.6", "2.3.3", zombies), release("5.0.7", "2.3.4", grid, theme))
    )

    assert "| #24906 | Zombies failed twice. | 2.3.4 | part of Airflow now |" in text
    assert "| #25296 | The grid was slow. | 2.4.0 | new |" in text
    assert "| #25550 | Colours. | 2.4.0 | not carried: It is of the front end. |" in text


def test_notes_tell_a_small_number_with_its_reason() -> None:
    policy = make_policy(r5_0_7={"calls_for": "minor", "because": "A reason."})
    catalogue = make_catalogue(BEFORE, AFTER, policy=policy)

    assert "its changes call for a minor release: A reason." in notes(catalogue)


def test_a_release_that_is_not_published_is_a_draft() -> None:
    assert "**Draft**" in notes(make_catalogue(BEFORE, AFTER))
    assert "**Draft**" not in notes(both())


def test_the_same_debian_packages_are_told_with_what_came_in_between() -> None:
    text = notes(both(), WITH_UPLOADS)

    assert "The same as in 5.0.6, as of 2026-09-12" in text
    assert "CVE-2022-2097" in text
    assert "CVE-2022-4450" not in text and "CVE-2022-2068" not in text


def test_newer_debian_packages_are_told_with_what_they_fix() -> None:
    old = DebianState("2022-07-01", FrozenDict({"openssl": "1.1.1n-0+deb11u2"}))
    new = DebianState("2022-08-16", FrozenDict({"openssl": "1.1.1n-0+deb11u3", "less": "551-2"}))
    seals = {"5.0.6": seal(BEFORE, debian=old), "5.0.7": seal(AFTER, debian=new)}
    text = notes(make_catalogue(BEFORE, AFTER, seals=seals), WITH_UPLOADS)

    assert (
        "| less |  | 551-2 |  |\n"
        "| openssl | 1.1.1n-0+deb11u2 | 1.1.1n-0+deb11u3 | CVE-2022-2097 |" in text
    )


def test_notes_say_what_a_node_pulls() -> None:
    sealed = seal(AFTER, {"os": 30_000_000, "astro": 500_000})
    text = notes(both(sealed))

    assert "30.5 MB in 2 layers" in text
    assert "a node that has it pulls 500.0 kB" in text


def test_tables_hold_published_releases_alone() -> None:
    written = documents(make_catalogue(BEFORE, AFTER, seals={"5.0.6": seal(BEFORE)}), FACTS)
    versions = json.loads(written["runtime-versions.json"])["runtimeVersions"]

    assert list(versions) == ["5.0.6"]
    assert "| 5.0.x | 2.3.3 |" in written["README.md"].decode()
    assert "| [5.0.7](5.0.7.md) | 2022-08-16 | 2.3.3 | 1.6.0 |  | draft |" in (
        written["README.md"].decode()
    )


def test_the_table_of_releases_ends_with_what_they_take_together() -> None:
    sealed = both(seal(AFTER, {"os": 30_000_000, "astro": 500_000}))
    overview = documents(sealed, FACTS)["README.md"].decode()

    assert "all 2 published releases stores 30.5 MB, 1.00 times the largest image" in overview


def test_programs_see_which_releases_are_deprecated() -> None:
    versions = json.loads(documents(both(), FACTS)["runtime-versions.json"])["runtimeVersions"]

    assert versions["5.0.6"]["metadata"]["channel"] == "deprecated"
    assert versions["5.0.7"]["metadata"] == {
        "airflowVersion": "2.3.3",
        "channel": "stable",
        "releaseDate": "2022-08-16",
        "endOfMaintenance": "2023-01-31",
    }
    assert versions["5.0.7"]["migrations"] == {"airflowDatabase": False}


def test_programs_see_what_changed() -> None:
    data = json.loads(documents(both(), FACTS)["releases.json"])

    assert data["parity"] == {"5.0.x": "2.3.3"}
    assert data["releases"][1]["changes"]["dependencies"] == {
        "boto3": ["1.24.0", "1.24.1"],
        "rich": ["12.4.4", None],
    }


def test_providers_stand_beside_those_of_the_same_series() -> None:
    table = documents(both(), FACTS)["providers.md"].decode()

    assert "| Package | 5.0.6 | 5.0.7 |" in table
    assert "| apache-airflow-providers-ftp |  | 3.0.0 |" in table
    assert "boto3" not in table


def test_a_document_that_is_old_missing_or_left_over_is_stale() -> None:
    wanted = {"docs/a.md": b"a", "docs/b.md": b"b", "docs/c.md": b"c"}
    found = stale(wanted, {"docs/a.md": b"a", "docs/b.md": b"old", "docs/d.md": b"d"})

    assert [each.partition(":")[0] for each in found] == ["docs/b.md", "docs/c.md", "docs/d.md"]
    assert all("release-notes`" in each for each in found)
