from __future__ import annotations

import datetime

import pytest
from runtime.lifecycle import all_series
from runtime.policy import Lifecycle
from runtime.testutil import make_manifest

MANIFESTS = [
    make_manifest("4.2.0", date=datetime.date(2022, 3, 10), airflow="2.2.4"),
    make_manifest("4.2.4", date=datetime.date(2022, 4, 6), airflow="2.2.5"),
    make_manifest("5.0.0", date=datetime.date(2022, 4, 30), airflow="2.3.0"),
]


def test_a_series_is_maintained_to_the_end_of_a_month() -> None:
    newer, older = all_series(MANIFESTS, Lifecycle(6, 18, ()))

    assert (newer.line, newer.maintained_until) == ("5.0", datetime.date(2022, 10, 31))
    assert (older.line, older.maintained_until) == ("4.2", datetime.date(2022, 9, 30))


def test_long_term_support_lasts_longer() -> None:
    _, older = all_series(MANIFESTS, Lifecycle(6, 18, ("4.2",)))

    assert (older.long_term, older.maintained_until) == (True, datetime.date(2023, 9, 30))


@pytest.mark.parametrize(
    "first, until", [((2022, 8, 31), (2023, 2, 28)), ((2022, 6, 1), (2022, 12, 31))]
)
def test_months_end_when_they_end(first: tuple[int, int, int], until: tuple[int, int, int]) -> None:
    (series,) = all_series(
        [make_manifest("5.0.0", date=datetime.date(*first))], Lifecycle(6, 18, ())
    )

    assert series.maintained_until == datetime.date(*until)


def test_a_series_has_the_airflow_of_all_its_releases() -> None:
    newer, older = all_series(MANIFESTS, Lifecycle(6, 18, ()))

    assert (newer.airflow, older.airflow) == ("2.3.0", "2.2.4-2.2.5")
    assert older.latest.release == "4.2.4"
