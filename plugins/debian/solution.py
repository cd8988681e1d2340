"""Reads what apt says of a resolve, and makes the lock of it."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Mapping, Sequence
from urllib.parse import unquote

from debian.lock import DebianLock, LockedPackage, LockedTarget
from locks.lock import LockError


def _stanzas(text: str) -> list[dict[str, str]]:
    """Paragraphs of `Field: value` lines. Source: deb822(5); continuation lines are left out."""
    result: list[dict[str, str]] = []
    for paragraph in text.split("\n\n"):
        fields = {}
        for line in paragraph.splitlines():
            if line and not line[0].isspace():
                name, _, value = line.partition(":")
                fields[name] = value.strip()
        if fields:
            result.append(fields)
    return result


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
    stanzas = _stanzas(files["packages"])
    packages: dict[str, LockedPackage] = {}
    locked_targets: dict[str, LockedTarget] = {}
    for number, (address, requests, base) in enumerate(targets):
        located = _located(files[f"closure.{number}"])
        for uri, name in located:
            packages[name] = _package(name, uri, archives, stanzas)
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
        targets=locked_targets,
        packages=packages,
    )


def _newest(dates: Sequence[str]) -> datetime:
    return max(parsedate_to_datetime(date) for date in dates).astimezone(timezone.utc)


def _package(
    name: str, uri: str, archives: Mapping[str, str], stanzas: Sequence[Mapping[str, str]]
) -> LockedPackage:
    for stanza in stanzas:
        filename = stanza.get("Filename", "")
        for archive, address in archives.items():
            if uri == f"{address}/{filename}" and "SHA256" in stanza:
                return LockedPackage(
                    name=name,
                    version=stanza["Version"],
                    architecture=stanza["Architecture"],
                    archive=archive,
                    filename=filename,
                    size=int(stanza["Size"]),
                    sha256=stanza["SHA256"],
                )
    raise LockError(f"The archive gives no SHA256 for the package '{name}' at {uri}.")
