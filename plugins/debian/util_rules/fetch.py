"""Fetches the locked packages."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable

from debian.lock import LockedPackage
from debian.subsystem import DebianSubsystem
from debian.util_rules.scripts import BASH, PROXY_VARIABLES, SCRIPT_ENV, mirror_arguments, script
from oci.util_rules.layer_process import BuildStepError
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Get, Rule, collect_rules, rule
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
    proxies = await Get(EnvironmentVars, EnvironmentVarsRequest(PROXY_VARIABLES))
    inputs = await Get(
        Digest,
        CreateDigest(
            [script("archives.sh"), script("fetch.sh"), FileContent("wanted", wanted.encode())]
        ),
    )
    result = await Get(
        FallibleProcessResult,
        Process(
            argv=(BASH, "fetch.sh", *mirror_arguments(options), request.lockfile, request.command),
            input_digest=inputs,
            env=FrozenDict({**SCRIPT_ENV, **proxies}),
            append_only_caches=FrozenDict({"debian_packages": "__debs"}),
            output_directories=(FOLDER,),
            description=f"Fetch {len(request.packages)} Debian packages of {request.lockfile}",
            level=LogLevel.INFO,
        ),
    )
    if result.exit_code != 0:
        raise BuildStepError(result.stderr.decode(errors="replace").strip())
    return FetchedPackages(result.output_digest)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
