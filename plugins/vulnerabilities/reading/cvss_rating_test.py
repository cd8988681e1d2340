from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vulnerabilities.reading.advisory import Severity
from vulnerabilities.reading.cvss_rating import rating


@pytest.mark.parametrize(
    "vector, word",
    [
        # The examples of the specifications, and vectors of each rating.
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Severity.CRITICAL),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", Severity.MEDIUM),
        ("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", Severity.MEDIUM),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:H", Severity.HIGH),
        ("CVSS:3.1/AV:P/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N", Severity.LOW),
        # The base score, whatever an exploit or an environment makes of it.
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/MAV:P", Severity.CRITICAL),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Severity.CRITICAL),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N", Severity.MEDIUM),
        ("CVSS:4.0/AV:L/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Severity.HIGH),
        ("CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", Severity.LOW),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", Severity.HIGH),
        ("AV:L/AC:H/Au:M/C:P/I:N/A:N", Severity.LOW),
        (" CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H ", Severity.CRITICAL),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Severity.UNKNOWN),
        ("CVSS:3.1/AV:N", Severity.UNKNOWN),
        ("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Severity.UNKNOWN),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H", Severity.UNKNOWN),
        ("CVSS:5.0/AV:N", Severity.UNKNOWN),
        ("", Severity.UNKNOWN),
    ],
)
def test_a_vector_is_rated_as_its_specification_says(vector: str, word: Severity) -> None:
    assert rating(vector) == word


@given(st.text() | st.builds("CVSS:{}/{}".format, st.sampled_from("2345"), st.text()))
def test_whatever_stands_for_a_vector_is_rated(vector: str) -> None:
    assert isinstance(rating(vector), Severity)
