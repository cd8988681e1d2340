from __future__ import annotations

import datetime

import pytest
from vulnerabilities.findings import Finding
from vulnerabilities.testutil import advisory, python
from vulnerabilities.waivers import WaiverError, parse_waivers, violations

PATH = "versions/waivers.yaml"

GOOD = """\
waivers:
  - advisory: CVE-2023-43804
    packages: [urllib3]
    releases: [5.0.6]
    reason: Nothing in the image follows redirects to hosts that it does not trust.
    expires: 2026-11-25
"""


def sentences(text: str, day: int = 25) -> "list[str]":
    waivers = parse_waivers(PATH, text.encode())
    return list(violations(waivers, {"5.0.6"}, datetime.date(2026, 11, day)))


def test_a_waiver_holds_on_its_last_day() -> None:
    assert sentences(GOOD, day=25) == []


def test_an_expired_waiver_is_told() -> None:
    assert sentences(GOOD, day=26) == [
        "versions/waivers.yaml: `waivers[0].expires` is 2026-11-25, so CVE-2023-43804 is waived no "
        "more. Fix it, or look at it again and set a later day."
    ]


def test_a_release_that_is_none_is_told() -> None:
    (sentence,) = sentences(GOOD.replace("[5.0.6]", "[5.0.6, 5.0.60]"))
    assert "`waivers[0].releases` names 5.0.60, which is not a release" in sentence


@pytest.mark.parametrize(
    "old, new, problem",
    [
        ("    reason: ", "    # ", "the field `waivers[0].reason` is missing"),
        ("reason: Nothing", "reason: ''\n    # Nothing", "`waivers[0].reason` is ''"),
        ("expires: 2026-11-25", "expires: soon", "`waivers[0].expires` is 'soon'"),
        ("2026-11-25", "2026-11-45", "a value in it cannot be read"),
        ("expires", "expire", "is `expire` meant to be it?"),
        ("releases", "release", "there is no field `waivers[0].release`. Is `releases` meant?"),
        ("[urllib3]", "urllib3", "`waivers[0].packages` is 'urllib3'. Write a list of names."),
        ("[5.0.6]", "[]", "`waivers[0].releases` is []. Write names, or leave the field out"),
        ("CVE-2023-43804", "42", "`waivers[0].advisory` is 42"),
        ("  - advisory", "  - x\n  - advisory", "`waivers[0]` is 'x'"),
        ("waivers:", "waiver:", "the field `waivers` is missing (is `waiver` meant to be it?)"),
        ("waivers:", "[", "this is not valid YAML"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(old: str, new: str, problem: str) -> None:
    with pytest.raises(WaiverError) as error:
        parse_waivers(PATH, GOOD.replace(old, new).encode())

    assert str(error.value).startswith(f"{PATH}: ")
    assert problem in str(error.value)


def test_a_waiver_is_for_its_packages_by_any_name_of_the_vulnerability() -> None:
    (waiver,) = parse_waivers(PATH, GOOD.encode())
    said = advisory("PYSEC-1", "urllib3", aliases=("CVE-2023-43804",))
    other = advisory("PYSEC-1", "pip", aliases=("CVE-2023-43804",))

    assert waiver.covers(Finding(python("urllib3", "1"), said, ""), "5.0.6")
    assert not waiver.covers(Finding(python("urllib3", "1"), said, ""), "5.0.7")
    assert not waiver.covers(Finding(python("pip", "1"), other, ""), "5.0.6")
