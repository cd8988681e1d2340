"""Takes what people and programs wrote in YAML and JSON apart, and says what is wrong with it.

Each error is one sentence that names the field, what it is, and what to do.
"""

from __future__ import annotations

import datetime
import difflib
import re
from typing import Any, Callable, Mapping, TypeVar

import yaml
from locks.unique_keys import DuplicateKey, read_yaml

SENTENCE = re.compile(r"\S.*")
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")

_T = TypeVar("_T")


def is_text(value: object, pattern: re.Pattern[str] | None = None) -> bool:
    """Whether a value is a text, all of which matches the pattern if there is one."""
    return isinstance(value, str) and (not pattern or bool(pattern.fullmatch(value)))


def is_count(value: object) -> bool:
    """Whether a value is a number above 0; `True`, which is an `int`, too, is none."""
    return type(value) is int and value > 0


class Fields:
    """Takes checked values out of a mapping: a file, or a part of one.

    Args:
        path: Of the file, for errors.
        error: The family of these errors.
        data: The mapping.
        prefix: What stands before the fields' names in errors.
        fix: What to do about any error, for a file that a program wrote. Otherwise each error says
            what to write.
    """

    def __init__(
        self,
        path: str,
        error: type[Exception],
        data: Mapping[str, Any],
        prefix: str = "",
        fix: str = "",
    ) -> None:
        self.data = data
        self._path = path
        self._error = error
        self._prefix = prefix
        self._fix = fix
        self._known: list[str] = []

    @classmethod
    def read(
        cls,
        path: str,
        error: type[Exception],
        content: bytes,
        manual: str = "",
        load: Callable[[bytes], Any] = read_yaml,
        fix: str = "",
    ) -> Fields:
        """Read a file that is a mapping of fields.

        Args:
            path, error, fix: See the class.
            content: YAML, or what `load` reads.
            manual: The document that describes the fields.
            load: `read_yaml` or `read_json`.
        """
        try:
            data = load(content)
        except yaml.YAMLError as problem:
            mark = getattr(problem, "problem_mark", None)
            # What is missing at the end is missed in the line after it.
            last = content.count(b"\n")
            line = f" in line {min(mark.line, last) + 1}" if mark else ""
            sentence = f"this is not valid YAML{line}. {fix or 'Correct its syntax.'}"
        except DuplicateKey as problem:
            sentence = f"{problem}. {fix or 'Keep one of them.'}"
        except (ValueError, OverflowError, RecursionError) as problem:
            # For example, the 45th of a month.
            sentence = f"a value in it cannot be read ({problem}). {fix or 'Correct it.'}"
        else:
            if isinstance(data, dict):
                return cls(path, error, data, fix=fix)
            sentence = f"this is not a mapping of fields. {fix or f'See {manual}.'}"
        raise error(f"{path}: {sentence}")

    @property
    def where(self) -> str:
        """The file and the place in it, as errors name it."""
        return f"{self._path}: `{self._prefix[:-1]}"

    def fail(self, field: str, value: object, fix: str) -> Exception:
        """An error about the value of a field."""
        return self._error(
            f"{self._path}: `{self._prefix}{field}` is {value!r:.80}. {self._fix or fix}"
        )

    def take(self, field: str, check: Callable[[Any], bool], fix: str = "") -> Any:
        """The value of a field that must be there and pass the check."""
        self._known.append(field)
        if field not in self.data:
            close = difflib.get_close_matches(field, [str(name) for name in self.data], n=1)
            misspelt = f" (is `{close[0]}` meant to be it?)" if close else ""
            raise self._error(
                f"{self._path}: the field `{self._prefix}{field}` is missing{misspelt}. "
                f"{self._fix or fix}"
            )
        value = self.data[field]
        if not check(value):
            raise self.fail(field, value, fix)
        return value

    def lacks(self, field: str) -> bool:
        """Whether a field that need not be there is not."""
        self._known.append(field)
        return field not in self.data

    def converted(self, field: str, convert: Callable[[Any], _T], fix: str = "") -> _T:
        """What becomes of the value of a field that must be there.

        Args:
            convert: Raises LookupError, ValueError, TypeError or AttributeError for a wrong value.
        """
        value = self.take(field, lambda value: True, fix)
        try:
            return convert(value)
        except (AttributeError, LookupError, TypeError, ValueError):
            raise self.fail(field, value, fix) from None

    def number(self, field: str) -> int:
        value: int = self.take(field, is_count, "Write a number above 0, without quotes.")
        return value

    def text(
        self, field: str, pattern: re.Pattern[str] | None = None, example: str = "bullseye"
    ) -> str:
        fix = f"Write a text such as {example!r}; quote what YAML reads as a number."
        value: str = self.take(field, lambda value: is_text(value, pattern), fix)
        return value

    def texts(
        self, field: str, pattern: re.Pattern[str] | None = None, fix: str = ""
    ) -> tuple[str, ...]:
        value = self.take(
            field,
            lambda value: isinstance(value, list) and all(is_text(each, pattern) for each in value),
            fix,
        )
        return tuple(value)

    def names(self, field: str) -> tuple[str, ...]:
        return self.texts(field, NAME, "Write a list of names.")

    def day(self, field: str) -> datetime.date:
        value: datetime.date = self.take(
            field,
            # A time of day makes it another type, which inherits from this one.
            lambda value: type(value) is datetime.date,
            "Write a date such as 2022-07-11, without quotes.",
        )
        return value

    def part(
        self,
        field: str,
        fix: str = "Map names to values.",
        names: re.Pattern[str] | None = None,
    ) -> Fields:
        """A field that is a mapping of fields itself, or has no value.

        Args:
            names: What the names in it match.
        """
        data = self.take(field, lambda value: value is None or isinstance(value, dict), fix) or {}
        for name in data:
            if not is_text(name, names):
                raise self.fail(field, name, fix)
        return Fields(self._path, self._error, data, f"{self._prefix}{field}.", self._fix)

    def parts(
        self,
        field: str,
        fix: str = "Map names to values.",
        names: re.Pattern[str] | None = None,
    ) -> dict[str, Fields]:
        """A field that maps names to mappings of fields. See `part`."""
        part = self.part(field, fix, names)
        return {name: part.part(name, fix) for name in part.data}

    def entries(self, field: str, fix: str) -> tuple[Fields, ...]:
        """A field that is a list of mappings of fields."""
        values = self.take(
            field, lambda value: isinstance(value, list), f"Write a list of {field}."
        )
        data = {f"{field}[{place}]": value for place, value in enumerate(values)}
        entries = Fields(self._path, self._error, data, self._prefix, self._fix)
        return tuple(entries.part(name, fix) for name in data)

    def whole(self, make: Callable[[Fields], _T]) -> _T:
        """What is made of the fields, of which none may be left over."""
        made = make(self)
        for field in self.data:
            if field not in self._known:
                close = difflib.get_close_matches(str(field), self._known, n=1)
                meant = f"Is `{close[0]}` meant?" if close else "Remove it."
                raise self._error(
                    f"{self._path}: there is no field `{self._prefix}{field}`. {self._fix or meant}"
                )
        return made
