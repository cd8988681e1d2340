from __future__ import annotations

import pytest
from vulnerabilities.reading.advisory import Severity
from vulnerabilities.reading.cvss import base_score, rating


@pytest.mark.parametrize(
    "vector, score, word",
    [
        # The examples of the specification, and vectors of each rating.
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, Severity.CRITICAL),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, Severity.MEDIUM),
        ("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4, Severity.MEDIUM),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:H", 7.4, Severity.HIGH),
        ("CVSS:3.1/AV:P/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N", 1.7, Severity.LOW),
        ("CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:C/C:H/I:H/A:H", 9.1, Severity.CRITICAL),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, Severity.UNKNOWN),
        ("CVSS:3.1/AV:N", None, Severity.UNKNOWN),
        ("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", None, Severity.UNKNOWN),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", None, Severity.UNKNOWN),
    ],
)
def test_a_vector_is_rated_as_the_specification_says(
    vector: str, score: "float | None", word: Severity
) -> None:
    assert base_score(vector) == score
    assert rating(vector) == word
