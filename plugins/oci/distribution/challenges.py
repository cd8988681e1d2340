"""Reads the header `WWW-Authenticate`, which may hold several challenges.

Source: RFC 9110, 11.6.1 "WWW-Authenticate" and 5.6.4 "Quoted Strings".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, List

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_BETWEEN = re.compile(r"[\s,]*")
# Unquoted values may hold what they should not, such as the colon of an address.
_PARAMETER = re.compile(
    rf'(?P<name>{_NAME})\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)(?:"|$)|(?P<plain>[^\s,"]*))'
)
_SCHEME = re.compile(rf"{_NAME}(?=[\s,]|$)")
_OTHER = re.compile(r"[^\s,]+")


@dataclass(frozen=True)
class Challenge:
    """One way in which a server lets itself be convinced."""

    scheme: str
    """In lower case."""

    parameters: Dict[str, str] = field(default_factory=dict)
    """By their names in lower case."""


def parse_challenges(header: str) -> List[Challenge]:
    """The challenges, in their order. What is neither a scheme nor a parameter is left out."""
    found: List[Challenge] = []
    position = _BETWEEN.match(header).end()  # type: ignore[union-attr]
    while position < len(header):
        # A parameter before a scheme: there may be spaces around its `=`.
        match = _PARAMETER.match(header, position)
        if match:
            if found:
                quoted = match["quoted"]
                value = match["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                found[-1].parameters.setdefault(match["name"].lower(), value)
        else:
            match = _SCHEME.match(header, position)
            if match:
                found.append(Challenge(match[0].lower()))
            else:
                match = _OTHER.match(header, position)
        position = _BETWEEN.match(header, match.end()).end()  # type: ignore[union-attr]
    return found
