from __future__ import annotations

from typing import Dict, List, Tuple

import pytest
from oci.distribution.challenges import parse_challenges

BEARER = {"realm": "https://auth.example.com/token", "service": "registry"}


@pytest.mark.parametrize(
    "header, expected",
    [
        ("", []),
        (" , ,", []),
        ("Basic", [("basic", {})]),
        ('BASIC realm="a, b"', [("basic", {"realm": "a, b"})]),
        (r'Basic realm="a \"b\" \\c"', [("basic", {"realm": r'a "b" \c'})]),
        (
            'bearer realm="https://auth.example.com/token",service="registry"',
            [("bearer", BEARER)],
        ),
        (
            "Bearer realm=https://auth.example.com/token, Service = registry",
            [("bearer", BEARER)],
        ),
        (
            'Basic realm="x", Bearer realm="https://auth.example.com/token",service="registry"',
            [("basic", {"realm": "x"}), ("bearer", BEARER)],
        ),
        (
            'Basic, Bearer realm="https://auth.example.com/token",service="registry"',
            [("basic", {}), ("bearer", BEARER)],
        ),
        (
            'Negotiate, Bearer realm="https://auth.example.com/token",service="registry"',
            [("negotiate", {}), ("bearer", BEARER)],
        ),
        (
            'Negotiate YII/+b==, NTLM,Basic realm="x"',
            [("negotiate", {}), ("ntlm", {}), ("basic", {"realm": "x"})],
        ),
        # Without the comma that belongs there.
        (
            'Basic realm="x" Bearer service="y"',
            [("basic", {"realm": "x"}), ("bearer", {"service": "y"})],
        ),
        ('Bearer realm="cut off', [("bearer", {"realm": "cut off"})]),
        ('realm="of nothing", Basic', [("basic", {})]),
        ('Basic realm="first", realm="second"', [("basic", {"realm": "first"})]),
    ],
)
def test_every_challenge_of_a_header_is_read(
    header: str, expected: "List[Tuple[str, Dict[str, str]]]"
) -> None:
    found = [(each.scheme, each.parameters) for each in parse_challenges(header)]
    assert found == expected
