"""Reads what apt says of a resolve, and makes the lock of it."""

from __future__ import annotations

from datetime import datetime, timezone
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Mapping, Sequence
from urllib.parse import unquote

from debian.lock import DebianLock, LockedPackage, LockedTarget
from debian.sandbox.control_data import stanzas
from locks.lock import LockError
from pants.util.frozendict import FrozenDict


def _located(text: str) -> list[tuple[str, str]]:
    """Address and package name of each line of a closure."""
    result = []
    for line in text.splitlines():
        address, file = line.split(" ")
        result.append((unquote(address), file.partition("_")[0]))
    return result


def make_lock(
    suite: str,
    files: Mapping[str, str],
    targets: Sequence[tuple[str, tuple[str, ...], str | None]],
) -> DebianLock:
    """Make a lock.

    Args:
        suite: Codename of the release.
        files: What `solve.sh` wrote, by name.
        targets: Address, requests and base of each target, in the order of their numbers.

    Raises:
        LockError: apt's answer lacks the hash of a package, or cannot be understood.
    """
    try:
        return _lock(suite, files, targets)
    except (IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise LockError(
            f"What apt says of the suite {suite} cannot be understood ({type(error).__name__}: "
            f"{' '.join(str(error).split())}). Try again, or set another address in "
            "`[debian].mirrors`."
        ) from None


def _lock(
    suite: str,
    files: Mapping[str, str],
    targets: Sequence[tuple[str, tuple[str, ...], str | None]],
) -> DebianLock:
    archives = dict(line.split(" ") for line in files["archives"].splitlines())
    found = list(stanzas(files["packages"]))
    packages: dict[str, LockedPackage] = {}
    locked_targets: dict[str, LockedTarget] = {}
    for number, (address, requests, base) in enumerate(targets):
        located = _located(files[f"closure.{number}"])
        for uri, name in located:
            packages[name] = _package(name, uri, archives, found)
        locked_targets[address] = LockedTarget(
            requests=tuple(sorted(requests)),
            base=base,
            packages=tuple(sorted(name for _, name in located)),
        )
    return DebianLock(
        suite=suite,
        suites=tuple(files["suites"].split()),
        architecture=files["architecture"].strip(),
        date=_newest(files["dates"].splitlines()),
        targets=FrozenDict(locked_targets),
        packages=FrozenDict(packages),
    )


def _newest(dates: Sequence[str]) -> datetime:
    return max(parsedate_to_datetime(date) for date in dates).astimezone(timezone.utc)


def _package(
    name: str, uri: str, archives: Mapping[str, str], found: Sequence[Message]
) -> LockedPackage:
    for stanza in found:
        fields = dict(stanza.items())
        filename = fields.get("Filename", "")
        for archive, address in archives.items():
            if uri == f"{address}/{filename}" and "SHA256" in fields:
                return LockedPackage(
                    name=name,
                    version=fields["Version"],
                    architecture=fields["Architecture"],
                    archive=archive,
                    filename=filename,
                    size=int(fields["Size"]),
                    sha256=fields["SHA256"],
                )
    raise LockError(f"The archive gives no SHA256 for the package '{name}' at {uri}.")
