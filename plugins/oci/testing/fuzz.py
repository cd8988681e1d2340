"""Hostile input: strategies for what files and servers may hold, and how tests of it run.

The examples are the same at every run, so that CI finds what a machine finds.
"""

from __future__ import annotations

import copy
import tarfile
from typing import Any, Callable, List, Tuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

TOO_DEEP = b"[" * 1_500
"""JSON, and YAML, whose nesting no parser follows."""

PATHS = (
    "../escaped",
    "a/../../escaped",
    "/escaped",
    "//escaped",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "..",
    ".",
    "",
    "a\\..\\b",
    "C:\\escaped",
    "nul\0/../escaped",
    "line\nbreak",
    "caf\u00e9",
    "a",
    "a/b",
    "x" * 300,
)
"""Names of members of archives, few of which are good."""

TAR_KINDS = (
    tarfile.REGTYPE,
    tarfile.DIRTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.FIFOTYPE,
)
"""What a member of a tar can be."""


def fuzzed(examples: int) -> Callable[[Any], Any]:
    """Settings of a test of so many examples."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([*PATHS, -1, 10**400, "0" * 64, "2022-07-11", "9" * 400]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=8) | st.sampled_from(PATHS), inner, max_size=3),
    max_leaves=6,
)
"""What JSON can say."""


def _places(document: Any) -> List[Tuple[Any, Any]]:
    """Every container with each of its keys."""
    if isinstance(document, dict):
        keys: List[Any] = list(document)
    elif isinstance(document, list):
        keys = list(range(len(document)))
    else:
        return []
    return [place for key in keys for place in ((document, key), *_places(document[key]))]


@st.composite
def altered(draw: Any, document: Any) -> Any:
    """A document in which some values are others, or gone."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        places = _places(document)
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        if draw(st.booleans()):
            container[key] = draw(VALUES)
        else:
            del container[key]
    return document


@st.composite
def mangled(draw: Any, original: bytes) -> bytes:
    """Bytes of which some are others, gone, or there twice."""
    content = original
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 1, 2, 4, 16, 10**9])))
        middle = draw(st.binary(max_size=8) | st.just(content[start:end] * 2))
        content = content[:start] + middle + content[end:]
    return content
