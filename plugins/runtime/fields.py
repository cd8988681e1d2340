"""Takes what a person wrote in YAML apart, and says in one sentence what is wrong with it."""

from __future__ import annotations

import datetime
import difflib
import re
from typing import Any, Callable, Mapping

import yaml
from locks.unique_keys import DuplicateKey, read_yaml
from pants.util.frozendict import FrozenDict

VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?")
SENTENCE = re.compile(r"\S.*")
# A name with extras, and no URL, marker or version. Source: PEP 508.
_NAME = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_DISTRIBUTION = re.compile(rf"{_NAME}(\[{_NAME}(,{_NAME})*\])?")


def is_count(value: object) -> bool:
    """Whether a value is a number above 0; YAML's `true` is none."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def read_mapping(
    path: str, error: type[Exception], content: bytes, manual: str
) -> Mapping[str, Any]:
    """Read YAML that is a mapping of fields.

    Args:
        path: Of the file, for errors.
        error: The family of these errors.
        content: YAML.
        manual: The document that describes the fields.
    """
    try:
        data = read_yaml(content)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        # What is missing at the end is missed in the line after it.
        last = content.count(b"\n")
        line = f" in line {min(mark.line, last) + 1}" if mark else ""
        raise error(f"{path}: this is no YAML{line}. Correct its syntax.") from None
    except DuplicateKey as problem:
        raise error(f"{path}: {problem}. Keep one of them.") from None
    except (ValueError, OverflowError, RecursionError) as problem:
        # For example, the 45th of a month.
        raise error(f"{path}: a value in it cannot be read ({problem}). Correct it.") from None
    if not isinstance(data, dict):
        raise error(f"{path}: this is no mapping of fields. See {manual}.")
    return data


class Fields:
    """Takes checked values out of a mapping: a file, or a part of one.

    Args:
        path: Of the file, for errors.
        error: The family of these errors.
        data: The mapping.
        prefix: What stands before the fields' names in errors.
    """

    def __init__(
        self, path: str, error: type[Exception], data: Mapping[str, Any], prefix: str = ""
    ) -> None:
        self._path = path
        self._error = error
        self._data = data
        self._prefix = prefix
        self._known: list[str] = []

    def fail(self, field: str, value: object, fix: str) -> Exception:
        """An error about the value of a field."""
        return self._error(f"{self._path}: `{self._prefix}{field}` is {value!r}. {fix}")

    def take(self, field: str, check: Callable[[Any], bool], fix: str) -> Any:
        """The value of a field that must be there and pass the check."""
        self._known.append(field)
        if field not in self._data:
            close = difflib.get_close_matches(field, [str(name) for name in self._data], n=1)
            misspelt = f" (is `{close[0]}` meant to be it?)" if close else ""
            raise self._error(
                f"{self._path}: the field `{self._prefix}{field}` is missing{misspelt}. {fix}"
            )
        value = self._data[field]
        if not check(value):
            raise self.fail(field, value, fix)
        return value

    def optional(self, field: str, default: Any, check: Callable[[Any], bool], fix: str) -> Any:
        """The value of a field that must pass the check where it is there."""
        if field in self._data:
            return self.take(field, check, fix)
        self._known.append(field)
        return default

    def number(self, field: str) -> int:
        value: int = self.take(field, is_count, "Write a number above 0, without quotes.")
        return value

    def names(self, field: str) -> tuple[str, ...]:
        return tuple(
            self.take(
                field,
                lambda value: isinstance(value, list)
                and all(isinstance(each, str) and re.fullmatch(_NAME, each) for each in value),
                "Write a list of names.",
            )
        )

    def versions(self, field: str) -> FrozenDict[str, str]:
        fix = "Map names to versions such as 4.0.0; quote what YAML reads as a number."
        value = self.take(field, lambda value: isinstance(value, dict), fix)
        for name, version in value.items():
            if not (isinstance(name, str) and _DISTRIBUTION.fullmatch(name)):
                raise self.fail(
                    field,
                    name,
                    "Write the name of a package, with extras such as `name[all]` at the most.",
                )
            if not (isinstance(version, str) and VERSION.fullmatch(version)):
                raise self.fail(f"{field}.{name}", version, fix)
        return FrozenDict(value)

    def text(self, field: str, pattern: re.Pattern[str], example: str) -> str:
        fix = f"Write a text such as {example!r}; quote what YAML reads as a number."
        value = self.take(
            field, lambda value: isinstance(value, str) and bool(pattern.fullmatch(value)), fix
        )
        return str(value)

    def path(self, field: str, example: str) -> str | None:
        value: str | None = self.take(
            field,
            lambda value: value is None or isinstance(value, str) and bool(value),
            f"Write a path such as {example!r}, or null.",
        )
        return value

    def day(self, field: str) -> datetime.date:
        value: datetime.date = self.take(
            field,
            # A time of day makes it another type, which inherits from this one.
            lambda value: type(value) is datetime.date,
            "Write a date such as 2022-07-11, without quotes.",
        )
        return value

    def refuse_unknown(self) -> None:
        """Fail where there is a field that nothing took."""
        for field in self._data:
            if field not in self._known:
                close = difflib.get_close_matches(str(field), self._known, n=1)
                meant = f"Is `{close[0]}` meant?" if close else "Remove it."
                raise self._error(
                    f"{self._path}: there is no field `{self._prefix}{field}`. {meant}"
                )
