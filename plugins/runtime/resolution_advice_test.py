from __future__ import annotations

import pytest
from runtime.resolution_advice import advice
from wheels.recorded_uv import CONFLICT, FAILED_BUILD, NO_NETWORK, NOT_PUBLISHED_YET
from wheels.sandbox.unresolved import reason


def advised(stderr: str) -> list[str]:
    return list(advice(reason(stderr), {"amazon": "6.0.0"}, {"pip": "22.1.2"}))


@pytest.mark.parametrize(
    "stderr, sentences",
    [
        (
            CONFLICT,
            [
                "apache-airflow-providers-amazon asks for apache-airflow-providers-common-sql"
                ">=1.2.0: add `--providers=\"{'amazon': '6.0.0', 'common-sql': '1.2.0'}\"`, or "
                "take another apache-airflow-providers-amazon."
            ],
        ),
        (
            NOT_PUBLISHED_YET,
            [
                "apache-airflow-providers-amazon 6.0.0 was published on 2022-10-01: add "
                "`--date=2022-10-01`, or a later day."
            ],
        ),
        (
            FAILED_BUILD,
            [
                "Add `--packages=\"{'pip': '22.1.2', 'impyla': 'VERSION'}\"`, VERSION being "
                "another one of impyla, or another day with `--date`."
            ],
        ),
        (NO_NETWORK, []),
    ],
)
def test_what_the_solver_says_leads_to_an_option(stderr: str, sentences: list[str]) -> None:
    assert advised(stderr) == sentences


def test_a_range_with_an_upper_bound_leaves_the_version_to_the_reader() -> None:
    (sentence,) = advised(CONFLICT.replace("sql>=1.2.0", "sql>=1.2.0,<2"))

    assert "'common-sql': 'VERSION'}\"`, VERSION being one that fits >=1.2.0,<2, or" in sentence


def test_airflow_has_an_option_of_its_own() -> None:
    (sentence,) = advised(CONFLICT.replace("apache-airflow-providers-common-sql", "apache-airflow"))

    assert "add `--airflow=1.2.0`, or" in sentence
