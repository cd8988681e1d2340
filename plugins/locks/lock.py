"""The form of locks, whatever they lock, and where they lie.

A lock is JSON with sorted keys. It holds names, versions, sizes and hashes, and never a host: where
files come from is a matter of the machine that fetches.
"""

from __future__ import annotations

import json
import os
import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Mapping, TypeVar

from locks.fields import Fields
from locks.unique_keys import read_json
from pants.core.goals.generate_lockfiles import PackageVersion
from pants.util.docutil import bin_name

SHA256 = re.compile(r"[0-9a-f]{64}")

_Lock = TypeVar("_Lock", bound="Lock")


class LockError(Exception):
    """A lock cannot be read or made, or is not that of its resolve. The message says what to do."""


def lock_path(folder: str, resolve: str) -> str:
    """Path of a resolve's lock."""
    return os.path.join(folder, f"{resolve}.lock")


def generate_command(resolve: str) -> str:
    """The command that makes a resolve's lock."""
    return f"{bin_name()} generate-lockfiles --resolve={resolve}"


class Lock(ABC):
    """The content of a lock. A subclass can be hashed, as `Solve` holds one."""

    key: ClassVar[str]
    """A key of its JSON that no other kind of file in its folder has."""

    @classmethod
    @abstractmethod
    def from_fields(cls: type[_Lock], fields: Fields) -> _Lock:
        """Make it of the fields of its JSON."""

    @abstractmethod
    def to_data(self) -> Mapping[str, Any]:
        """Its JSON."""

    @abstractmethod
    def versions(self) -> Mapping[str, PackageVersion]:
        """What it locks, by name."""

    @classmethod
    def is_form_of(cls, content: bytes) -> bool:
        """Whether a file may be such a lock, by a look at it."""
        return content.startswith(b"{") and f'"{cls.key}"'.encode() in content

    def to_json(self) -> bytes:
        """The form that is committed."""
        return (json.dumps(self.to_data(), indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def from_json(cls: type[_Lock], path: str, content: bytes, command: str) -> _Lock:
        """Read a lock.

        Args:
            path: The lock's path, for errors.
            content: What it holds.
            command: The command that makes the lock anew.

        Raises:
            LockError: it is not a lock, lacks a field, or has a wrong one.
        """
        fix = f"Run `{command}`."
        return cls.from_fields(Fields.read(path, LockError, content, load=read_json, fix=fix))
