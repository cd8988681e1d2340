"""Says why a resolution failed, from what uv wrote to stderr."""

from __future__ import annotations

import re
from typing import List

_BUILD = re.compile(r"Failed to (?:download and )?build `(?P<name>[^`=]+)==(?P<version>[^`]+)`")
_INCLUDED = re.compile(r"^hint: (`.* was included because .*)$", re.MULTILINE)
_CUTOFF = re.compile(r"^hint: (`.*` was filtered by `exclude-newer`.*)$", re.MULTILINE)
_ADVICE = re.compile(r" Consider using `exclude-newer-package`.*")
_LONGEST = 120
"""Characters of a line that others wrote."""


def _details(stderr: str) -> List[str]:
    """The lines below the error, without their marks, up to the first hint."""
    found = []
    for line in stderr.partition("\nhint: ")[0].splitlines():
        text = re.sub(r"^(error|cause): ", "", line.strip())
        if text and not text.startswith("warning: "):
            found.append(text)
    return found


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def reason(stderr: str) -> str:
    """Why there is no solution, and what to change; ends with a full stop.

    Args:
        stderr: All of it, without colors.
    """
    details = _details(stderr)
    build = _BUILD.search(stderr)
    if build:
        name, version = build["name"], build["version"]
        included = _INCLUDED.search(stderr)
        because = f", {included[1]}." if included else "."
        return (
            f"What {name} {version} requires is known only once its source distribution is built, "
            f"which fails ({_cut(details[-1])}){because} Require another version of {name}, or "
            "resolve as of another day."
        )
    if "No solution found" not in stderr:
        return (
            f"uv says: {'; '.join(_cut(each) for each in details)}."
            if details
            else "uv gives no reason."
        )
    cutoff = _CUTOFF.search(stderr)
    sentences = [*details[1:], *([_ADVICE.sub("", cutoff[1])] if cutoff else [])]
    return (
        "\n".join(["No version fits all requirements.", *(f"  {each}" for each in sentences)])
        + "\nChange one of these requirements, or the constraints."
    )
