"""Checked values of JSON that programs wrote and people may have edited: locks."""

from __future__ import annotations

import re


def text(field: str, value: object, pattern: re.Pattern[str] | None = None) -> str:
    """A text, all of which matches the pattern if there is one.

    Raises:
        ValueError: It is something else. The message names the field.
    """
    if not isinstance(value, str) or (pattern and not pattern.fullmatch(value)):
        raise ValueError(f"`{field}` is {value!r:.80}")
    return value


def texts(field: str, value: object) -> tuple[str, ...]:
    """A list of texts.

    Raises:
        ValueError: It is something else. The message names the field.
    """
    if not isinstance(value, list):
        raise ValueError(f"`{field}` is {value!r:.80}")
    return tuple(text(field, each) for each in value)


def size(field: str, value: object) -> int:
    """A number above 0.

    Raises:
        ValueError: It is something else. The message names the field.
    """
    # `True` is an `int`, too.
    if type(value) is not int or value <= 0:
        raise ValueError(f"`{field}` is {value!r:.80}")
    return value
