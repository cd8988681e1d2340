from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from pants.util.frozendict import FrozenDict
from runtime.draft import Draft, constraints_path, numbered
from runtime.manifest import parse_manifest
from runtime.next_release import NextRelease
from runtime.policy import PolicyError
from runtime.release_number import ReleaseNumber
from runtime.testutil import POLICY_PATH, make_catalogue, make_manifest, make_policy, make_release

PATH = "versions/5.0.6/release.yaml"
MANIFEST = """\
# Astro Runtime 5.0.6.
release: 5.0.6
date: 2022-07-11
airflow: 2.3.3
suite: bullseye
python: "3.9"
resolved: 2022-07-12
constraints: null
unconstrained: []
extras: []
providers:
  amazon: 4.0.0
packages: {}
"""
BEFORE = make_release(parse_manifest(PATH, MANIFEST.encode()))
CATALOGUE = make_catalogue(BEFORE)
NO_EXCEPTIONS = Path(POLICY_PATH).read_text().split("\nexceptions:")[0] + (
    "\nexceptions: {}\n\n# Runtime's policy.\n"
    "lifecycle: {stable_months: 6, long_term_months: 18, long_term_lines: []}\n"
)
INPUTS = {PATH: MANIFEST, POLICY_PATH: NO_EXCEPTIONS}


def draft(number: str, airflow: str, why: str | None = None) -> Draft:
    change = NextRelease(
        number=ReleaseNumber.parse(number),
        date=datetime.date(2022, 8, 23),
        resolved=datetime.date(2022, 8, 24),
        airflow=airflow,
        constraints=None,
        providers=FrozenDict(),
        packages=FrozenDict(),
    )
    return Draft.of(change, BEFORE, POLICY_PATH, INPUTS, why)


@pytest.mark.parametrize(
    "airflow, number", [("2.3.3", "5.0.7"), ("2.3.4", "5.1.0"), ("2.4.0", "6.0.0")]
)
def test_a_release_gets_the_next_number_that_its_changes_allow(airflow: str, number: str) -> None:
    manifest = draft("5.0.7", airflow).manifest

    assert str(numbered(make_policy(), BEFORE, manifest, ())) == number
    assert str(numbered(make_policy(), BEFORE, manifest, ("7.0.0",))) == "7.0.0"


def test_a_number_that_is_too_small_needs_a_reason() -> None:
    with pytest.raises(
        PolicyError, match="(?s)call for a minor release .*With `--because`"
    ) as error:
        draft("5.0.7", "2.3.4").check(CATALOGUE)
    assert "Number it 5.1.0" in str(error.value)


def test_a_reason_makes_it_an_exception_that_names_the_airflow() -> None:
    drafted = draft("5.0.7", "2.3.4", "Airflow's fixes came on the same day.")
    drafted.check(CATALOGUE)

    exception = drafted.policy.exceptions["5.0.7"]
    assert (exception.airflow, exception.because) == (
        "2.3.4",
        "Airflow's fixes came on the same day.",
    )


def test_a_reason_that_is_not_needed_is_not_noted() -> None:
    assert draft("5.1.0", "2.3.4", "Just so.").policy_text == NO_EXCEPTIONS


def test_constraints_are_those_of_the_new_airflow() -> None:
    before = make_manifest("5.0.6")

    assert constraints_path(before, "2.3.3", None) == before.constraints
    assert constraints_path(before, "2.3.4", None) == (
        "3rdparty/python/constraints/airflow-2.3.4.txt"
    )
    assert constraints_path(before, "2.3.4", "mine.txt") == "mine.txt"
    assert constraints_path(make_manifest("5.0.6", constraints=None), "2.3.4", None) is None
