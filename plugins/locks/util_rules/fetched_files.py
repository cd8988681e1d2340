"""Compares what a download left with the lock that asked for it.

The download itself has checked it. But its result can come from a cache that others write to, and
who forges one there must not get a package into a layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Mapping

from oci.util_rules.layer_process import BuildStepError
from pants.engine.fs import Digest, DigestEntries, Directory, FileEntry, RemovePrefix, SymlinkEntry
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict


@dataclass(frozen=True)
class Download:
    """What a process fetched of a lock."""

    lock: str
    """Path of the lock, for errors."""

    sha256: FrozenDict[str, str]
    """Of each file of the lock that was to be fetched, by its name."""

    digest: Digest

    folder: str
    """Of the files, in the digest."""


@dataclass(frozen=True)
class FetchedFiles:
    """Files of a lock, by their names. They are what the lock says."""

    digest: Digest


def check_content(
    lock: str,
    expected: Mapping[str, str],
    entries: Iterable[FileEntry | SymlinkEntry | Directory],
) -> None:
    """Compare files by their sha256, which costs nothing: their entries have it.

    Args:
        lock: Path of the lock, for errors.
        expected: The sha256 of each file of the lock, by its name.
        entries: What the download left.

    Raises:
        BuildStepError: a file is another one, is missing, or is not asked for.
    """
    found = {
        entry.path.rpartition("/")[2]: entry.file_digest.fingerprint
        if isinstance(entry, FileEntry)
        else "no file"
        for entry in entries
    }
    for name in sorted({*expected, *found}):
        if expected.get(name) != found.get(name):
            raise BuildStepError(
                f"{lock}: a cache gave another {name} than the lock asks for: its sha256 is "
                f"{found.get(name, 'that of no file')}, and not {expected.get(name, 'asked for')}. "
                "Somebody may have forged it: tell who keeps the remote cache, and build with "
                "`--no-remote-cache-read --no-local-cache`."
            )


@rule
async def compare_with_lock(download: Download) -> FetchedFiles:
    entries = await Get(DigestEntries, Digest, download.digest)
    check_content(download.lock, download.sha256, entries)
    return FetchedFiles(await Get(Digest, RemovePrefix(download.digest, download.folder)))


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
