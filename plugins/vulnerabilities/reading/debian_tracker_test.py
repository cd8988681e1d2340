from __future__ import annotations

import json

import pytest
from oci.sandbox.errors import SandboxError
from vulnerabilities.reading.advisory import Severity, Span
from vulnerabilities.reading.debian_tracker import read


def release(status: str, urgency: str = "not yet assigned", **fields: str) -> "dict[str, object]":
    return {"status": status, "repositories": {"bullseye": "1.0-1"}, "urgency": urgency, **fields}


TRACKER = {
    "demo": {
        "CVE-2026-1": {
            "description": "Demo reads what\nit should not.",
            "scope": "local",
            "releases": {
                "bullseye": release("resolved", "medium**", fixed_version="1.0-1+deb11u2"),
                "bookworm": release("open", "low", nodsa="Minor issue", nodsa_reason=""),
            },
        },
        "CVE-2026-2": {"releases": {"bullseye": release("resolved", fixed_version="0")}},
        "CVE-2026-3": {"releases": {"bullseye": release("undetermined", "unimportant")}},
        "CVE-2026-4": {"releases": {"sid": release("open")}},
    },
    "other": {"CVE-2026-5": {"releases": {"bullseye": release("open")}}},
}


def test_each_suite_has_its_own_state() -> None:
    packages = {"demo": {"bullseye", "bookworm"}, "unknown": {"bullseye"}}
    found, _ = read("t.json", json.dumps(TRACKER).encode(), packages)

    assert [(each.id, each.suite, each.spans) for each in found] == [
        ("CVE-2026-1", "bookworm", (Span(""),)),
        ("CVE-2026-1", "bullseye", (Span("", fixed="1.0-1+deb11u2"),)),
        # The package never had it.
        ("CVE-2026-2", "bullseye", ()),
        ("CVE-2026-3", "bullseye", (Span(""),)),
    ]
    assert [each.severity for each in found] == [
        Severity.LOW,
        Severity.MEDIUM,
        Severity.UNKNOWN,
        Severity.UNIMPORTANT,
    ]
    assert found[0].note == "Minor issue"
    assert found[0].summary == "Demo reads what it should not."
    assert found[3].undetermined


def test_the_suites_that_it_speaks_of_are_told_whatever_the_packages() -> None:
    _, suites = read("t.json", json.dumps(TRACKER).encode(), {})

    assert suites == {"bullseye", "bookworm", "sid"}


@pytest.mark.parametrize(
    "text, problem",
    [
        ("<html>", "a value in it cannot be read"),
        ('{"demo": {}, "demo": {}}', "the key 'demo' stands twice"),
        ("[]", "this is not a mapping of fields. Get it again."),
        ('{"demo": {"CVE-1": {"releases": {"bullseye": {}}}}}', "KeyError: 'status'"),
        ('{"demo": {"CVE-1": {"releases": {"bullseye": {"status": "fine"}}}}}', "status 'fine'"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(text: str, problem: str) -> None:
    with pytest.raises(SandboxError, match="^t.json: ") as error:
        read("t.json", text.encode(), {"demo": {"bullseye"}})

    assert problem in str(error.value)
