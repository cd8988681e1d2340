from __future__ import annotations

import datetime
from typing import Any

import pytest
from pants.util.frozendict import FrozenDict
from runtime.manifest import Manifest, parse_manifest
from runtime.next_release import NextRelease, add_exception, next_manifest, register, release_day
from runtime.policy import parse_policy
from runtime.release_number import Kind, ReleaseNumber
from runtime.testutil import make_manifest

PATH = "versions/5.0.7/release.yaml"
TEXT = """\
# Astro Runtime 5.0.7. The fields are described in versions/README.md.
release: 5.0.7
date: 2022-08-16
airflow: 2.3.3
suite: bullseye
python: "3.9"

# The package index as it was at the end of the day after the release.
resolved: 2022-08-17
constraints: constraints/airflow-2.3.3.txt
unconstrained:
  # aiobotocore pins it.
  - boto3

extras:
  - statsd

providers:
  amazon: 4.1.0
  # Kept back.
  http: 3.0.0

packages:
  astronomer-providers[all]: 1.7.1
  # Tools that users expect.
  pip: 22.1.2
"""


def make(constrained: dict[str, str] = {}, text: str = TEXT, **fields: Any) -> tuple[str, Manifest]:
    """The manifest of 5.0.8, as text and as it is read."""
    change: dict[str, Any] = {
        "number": ReleaseNumber(5, 0, 8),
        "date": datetime.date(2022, 8, 23),
        "resolved": datetime.date(2022, 8, 24),
        "airflow": "2.3.4",
        "constraints": "constraints/airflow-2.3.4.txt",
        "providers": FrozenDict(),
        "packages": FrozenDict(),
        **fields,
    }
    previous = parse_manifest(PATH, text.encode())
    text = next_manifest(text, previous, NextRelease(**change), constrained)
    return text, parse_manifest("versions/5.0.8/release.yaml", text.encode())


def test_a_new_manifest_has_its_own_number_dates_and_airflow() -> None:
    text, manifest = make()

    assert text.startswith("# Astro Runtime 5.0.8. The fields")
    assert (manifest.release, manifest.airflow) == ("5.0.8", "2.3.4")
    assert manifest.date == datetime.date(2022, 8, 23)
    assert manifest.resolved == datetime.date(2022, 8, 24)
    assert manifest.constraints == "constraints/airflow-2.3.4.txt"


def test_what_does_not_change_keeps_its_comments() -> None:
    text, manifest = make(providers=FrozenDict({"amazon": "5.0.0"}))

    assert dict(manifest.providers) == {"amazon": "5.0.0", "http": "3.0.0"}
    assert "  # Kept back.\n  http: 3.0.0\n" in text
    assert text.count("\n") == TEXT.count("\n")


def test_providers_come_in_order_and_go() -> None:
    _, manifest = make(providers=FrozenDict({"common-sql": "1.1.0", "sqlite": "3.2.0", "http": ""}))

    assert list(manifest.providers) == ["amazon", "common-sql", "sqlite"]


def test_a_package_is_named_without_its_extras() -> None:
    _, manifest = make(packages=FrozenDict({"astronomer-providers": "1.8.0"}))

    assert dict(manifest.packages) == {"astronomer-providers[all]": "1.8.0", "pip": "22.1.2"}


def test_a_pin_that_contradicts_the_constraints_is_freed_of_them() -> None:
    constrained = {"apache-airflow-providers-amazon": "4.1.0", "cryptography": "3.4.8"}
    _, manifest = make(
        constrained,
        providers=FrozenDict({"amazon": "5.0.0"}),
        packages=FrozenDict({"cryptography": "3.4.8"}),
    )

    assert manifest.unconstrained == ("boto3", "apache-airflow-providers-amazon")


def test_without_constraints_the_manifest_says_where_pins_come_from() -> None:
    text, manifest = make(constraints=None)

    assert (manifest.constraints, manifest.unconstrained) == (None, ())
    assert "the lock starts from the pins of 5.0.7.\nconstraints: null\n" in text


WITH_BACKPORTS = f"""\
{TEXT.replace("suite:", "airflow_build: 2" + chr(10) + "suite:")}
backports:
  - pull_request: 24906
    fixes: Zombies.
    fixed_in: 2.3.4
  - pull_request: 25296
    fixes: Mapped tasks.
    fixed_in: 2.4.0
"""


def test_a_backport_goes_when_airflow_has_it() -> None:
    text, manifest = make(text=WITH_BACKPORTS)

    assert [each.pull_request for each in manifest.backports] == [25296]
    assert manifest.airflow_build == 1
    assert "Zombies" not in text


def test_no_trace_of_backports_is_left_where_airflow_has_all() -> None:
    text, manifest = make(text=WITH_BACKPORTS, airflow="2.4.0")

    assert (manifest.backports, manifest.airflow_build) == ((), 0)
    assert "backport" not in text and "airflow_build" not in text
    assert text.endswith("pip: 22.1.2\n")


def test_backports_stay_with_the_same_airflow() -> None:
    _, manifest = make(text=WITH_BACKPORTS, airflow="2.3.3")

    assert [each.pull_request for each in manifest.backports] == [24906, 25296]
    assert manifest.airflow_build == 2


def test_a_reason_is_added_to_the_policy() -> None:
    head = "rules: {}\n"
    tail = (
        "\n# A comment.\nlifecycle: {stable_months: 6, long_term_months: 18, long_term_lines: []}\n"
    )
    text = f"{head}exceptions: {{}}\n{tail}"
    for number in ("5.0.7", "5.0.8"):
        text = add_exception(text, number, "minor", "2.3.4", 'It is "early": true.')
    policy = parse_policy("policy.yaml", text.encode())

    assert list(policy.exceptions) == ["5.0.7", "5.0.8"]
    exception = policy.exceptions["5.0.8"]
    assert (exception.calls_for, exception.airflow) == (Kind.MINOR, "2.3.4")
    assert exception.because == 'It is "early": true.'
    assert text.endswith(tail)


@pytest.mark.parametrize(
    "build, result",
    [
        ('parametrize("5.0.6", "5.0.7")', 'parametrize("5.0.6", "5.0.7", "5.0.8")'),
        ('dict(resolve="5.0.7")', 'dict(resolve=parametrize("5.0.7", "5.0.8"))'),
        ('    "5.0.7",\n)', '    "5.0.7",\n    "5.0.8",\n)'),
        ("no release", "no release"),
    ],
)
def test_a_release_is_named_where_the_one_before_is(build: str, result: str) -> None:
    assert register(build, "5.0.7", "5.0.8") == result


@pytest.mark.parametrize(
    "option, today, day, why",
    [
        (None, "2026-11-30", "2022-07-12", "the day after 5.0.6"),
        (None, "2022-07-12", "2022-07-12", "the day after 5.0.6"),
        (None, "2022-07-11", "2022-07-11", "the day of 5.0.6, which is today"),
        # The release before is announced for a day to come.
        (None, "2022-07-01", "2022-07-12", "the day after 5.0.6"),
        ("2022-08-23", "2026-11-30", "2022-08-23", "as `--date` says"),
        ("today", "2026-11-30", "2026-11-30", "today"),
    ],
)
def test_a_release_is_of_the_day_after_the_one_before(
    option: str | None, today: str, day: str, why: str
) -> None:
    chosen = release_day(option, make_manifest("5.0.6"), datetime.date.fromisoformat(today))

    assert (chosen.date.isoformat(), chosen.why) == (day, why)
    assert chosen.resolved == chosen.date + datetime.timedelta(days=1)


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError):
        release_day("soon", make_manifest("5.0.6"), datetime.date(2026, 11, 30))
