from __future__ import annotations

import pytest
from wheels.recorded_uv import CONFLICT, FAILED_BUILD, NO_NETWORK, NOT_PUBLISHED_YET
from wheels.sandbox.unresolved import reason


def test_a_conflict_is_told_in_the_words_of_the_solver() -> None:
    assert reason(CONFLICT).splitlines() == [
        "No version fits all requirements.",
        "  Because apache-airflow-providers-amazon==6.0.0 depends on "
        "apache-airflow-providers-common-sql>=1.2.0 and you require "
        "apache-airflow-providers-amazon==6.0.0, we can conclude that you require "
        "apache-airflow-providers-common-sql>=1.2.0.",
        "  And because you require apache-airflow-providers-common-sql==1.1.0, we can conclude "
        "that your requirements are unsatisfiable.",
        "Change one of these requirements, or the constraints.",
    ]


def test_a_version_of_a_later_day_is_told_with_that_day() -> None:
    text = reason(NOT_PUBLISHED_YET)

    assert "The requested version, v6.0.0, was published at 2022-10-01T14:17:03.29Z.\n" in text
    # It would be an option of uv, which nobody calls by hand.
    assert "exclude-newer-package" not in text


def test_a_source_build_that_fails_is_one_sentence_with_the_package_and_the_fix() -> None:
    text = reason(FAILED_BUILD)

    assert text.startswith("What impyla 0.16.3 requires is known only once its source distribution")
    assert "`impyla` (v0.16.3) was included because `astronomer-providers[all]` (v1.8.0)" in text
    assert text.endswith("Require another version of impyla, or resolve as of another day.")
    assert "Traceback" not in text and "\n" not in text
    assert len(text) < 500


@pytest.mark.parametrize(
    "stderr, text",
    [
        (
            NO_NETWORK,
            "uv says: Request failed after 3 retries in 11.1s; Failed to fetch "
            "`https://index.example/simple/demo/`; client error (Connect); dns error.",
        ),
        ("", "uv gives no reason."),
        ("error: " + "x" * 1000, f"uv says: {'x' * 120} ...."),
    ],
)
def test_other_errors_are_one_line(stderr: str, text: str) -> None:
    assert reason(stderr) == text
