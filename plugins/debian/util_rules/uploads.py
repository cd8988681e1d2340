"""Tells what Debian has uploaded of the packages of a lock, by their own changelogs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Iterable

from debian.util_rules.fetch import FOLDER, FetchedPackages, FetchRequest
from debian.util_rules.locks import DebianResolveLock
from locks.util_rules.reading import LockRequest
from oci.util_rules.layer_process import ToolProcess
from pants.engine.fs import Digest, DigestContents
from pants.engine.process import FallibleProcessResult
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

_OUTPUT = "uploads.json"


@dataclass(frozen=True)
class Upload:
    """A version of a source package in a Debian archive."""

    date: str
    """The day of the upload: `2022-06-24`."""

    source: str
    version: str

    packages: tuple[str, ...]
    """Those of the lock that are built from it, sorted."""

    fixes: tuple[str, ...]
    """Vulnerabilities (CVE) and advisories (DSA, DLA) that its changelog names, sorted."""


@dataclass(frozen=True)
class UploadsRequest:
    """Asks for the uploads of the packages of a lock."""

    lock: LockRequest

    packages: tuple[str, ...]
    """Names, sorted."""

    since: str
    """The first day that counts."""


@dataclass(frozen=True)
class Uploads:
    """The uploads, the newest first."""

    uploads: tuple[Upload, ...]


@rule(desc="Read the changelogs of Debian packages", level=LogLevel.DEBUG)
async def read_uploads(request: UploadsRequest) -> Uploads:
    locked = await Get(DebianResolveLock, LockRequest, request.lock)
    packages = tuple(locked.package(name) for name in request.packages)
    fetched = await Get(FetchedPackages, FetchRequest(packages, locked.path, locked.command))
    result = await Get(
        FallibleProcessResult,
        ToolProcess(
            module="debian.sandbox.changelogs",
            args=(f"--since={request.since}", FOLDER, _OUTPUT),
            description=f"Read the changelogs of {len(packages)} packages of {locked.path}",
            input_digest=fetched.digest,
            output_files=(_OUTPUT,),
        ),
    )
    (content,) = await Get(DigestContents, Digest, result.output_digest)
    owners: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = {}
    for name, entries in json.loads(content.content).items():
        for entry in entries:
            key = (entry["date"], entry["source"], entry["version"], tuple(entry["fixes"]))
            owners.setdefault(key, []).append(name)
    return Uploads(
        tuple(
            Upload(date, source, version, tuple(sorted(names)), fixes)
            for (date, source, version, fixes), names in sorted(owners.items(), reverse=True)
        )
    )


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
