"""Fetches the locked packages."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable

from debian.lock import LockedPackage
from debian.subsystem import DebianSubsystem
from debian.util_rules.scripts import BASH, SCRIPT_ENV, machine_settings, script
from locks.util_rules.fetched_files import Download, FetchedFiles
from oci.progress import progress
from oci.util_rules.layer_process import REMOTE_CACHE_PATIENCE, BuildStepError
from oci.util_rules.machine_settings import MachineSettings, MachineSettingsRequest
from oci.util_rules.messages import in_key, message
from pants.engine.fs import AddPrefix, CreateDigest, Digest, FileContent
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

FOLDER = "debs"
"""The folder of the fetched files, in the digest."""


@dataclass(frozen=True)
class FetchRequest:
    """Asks for files of Debian archives."""

    packages: tuple[LockedPackage, ...]

    lockfile: str
    """Path of the lock, for messages."""

    command: str
    """What makes the lock anew, for messages."""


@dataclass(frozen=True)
class FetchedPackages:
    """The files, each checked by size and hash, below `debs`."""

    digest: Digest


def file_name(package: LockedPackage) -> str:
    """Name of the package's file below `debs`."""
    return os.path.basename(package.filename)


def _line(package: LockedPackage) -> str:
    fields = (package.name, package.archive, package.filename, str(package.size), package.sha256)
    return "\t".join(fields)


@rule(desc="Fetch Debian packages", level=LogLevel.DEBUG)
async def fetch(request: FetchRequest, options: DebianSubsystem) -> FetchedPackages:
    wanted = "".join(f"{_line(package)}\n" for package in request.packages)
    settings, inputs = await MultiGet(
        Get(MachineSettings, MachineSettingsRequest, machine_settings(options)),
        Get(
            Digest,
            CreateDigest(
                [script("archives.sh"), script("fetch.sh"), FileContent("wanted", wanted.encode())]
            ),
        ),
    )
    description = f"Fetch {len(request.packages)} Debian packages of {request.lockfile}"
    with progress.fetch({package.sha256: package.size for package in request.packages}):
        result = await Get(
            FallibleProcessResult,
            Process(
                argv=(BASH, "fetch.sh", request.lockfile, in_key(request.command)),
                input_digest=inputs,
                env=FrozenDict(SCRIPT_ENV),
                append_only_caches=FrozenDict(
                    {"debian_packages": "__debs", **settings.append_only_caches}
                ),
                output_directories=(FOLDER,),
                remote_cache_speculation_delay_millis=REMOTE_CACHE_PATIENCE,
                description=description,
                level=LogLevel.DEBUG,
            ),
        )
    if result.exit_code != 0:
        raise BuildStepError(message(description, result))
    files = await Get(
        FetchedFiles,
        Download(
            lock=request.lockfile,
            sha256=FrozenDict((file_name(each), each.sha256) for each in request.packages),
            digest=result.output_digest,
            folder=FOLDER,
        ),
    )
    return FetchedPackages(await Get(Digest, AddPrefix(files.digest, FOLDER)))


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
