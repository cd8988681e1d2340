"""Reads advisories in a process of its own, which keeps their size out of Pants' memory."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import Iterable

from pants.base.build_root import BuildRoot
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent
from pants.engine.process import FallibleProcessResult, Process, ProcessCacheScope
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.docutil import bin_name
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel
from vulnerabilities.installed import Ecosystem, Installed
from vulnerabilities.reading.advisory import Advisory
from vulnerabilities.subsystem import VulnerabilitiesSubsystem
from wheels.util_rules.fetch import TOOLS_MOUNT, ToolWheels, ToolWheelsRequest

_MODULE = "vulnerabilities.reading.select"
_REQUEST = "request.json"
_ANSWER = "answer.json"


class AdvisoriesError(Exception):
    """Advisories cannot be read. The message says which, and what to do."""


@dataclass(frozen=True)
class AdvisoriesRequest:
    """Asks for the advisories about what is installed, in whatever version."""

    packages: tuple[Installed, ...]


@dataclass(frozen=True)
class SelectedAdvisories:
    """They, and where they are from."""

    advisories: tuple[Advisory, ...]
    origins: tuple[str, ...]

    gaps: tuple[str, ...]
    """See `Report`."""


def _place(option: str | None, root: BuildRoot) -> str | None:
    """What an option names; paths are relative to the root of the repository."""
    return option if not option or "://" in option else os.path.join(root.path, option)


def _request(
    packages: Iterable[Installed], options: VulnerabilitiesSubsystem, root: BuildRoot
) -> bytes:
    names: set[str] = set()
    sources: dict[str, set[str]] = {}
    for package in packages:
        if package.ecosystem == Ecosystem.PYTHON:
            names.add(package.name)
        else:
            sources.setdefault(package.name, set()).add(package.suite)
    data = {
        "python": _place(options.pypa_database, root),
        "debian": _place(options.security_tracker, root),
        "names": sorted(names),
        "sources": {name: sorted(suites) for name, suites in sorted(sources.items())},
    }
    return json.dumps(data).encode()


@rule(desc="Read advisories", level=LogLevel.DEBUG)
async def select_advisories(
    request: AdvisoriesRequest,
    options: VulnerabilitiesSubsystem,
    root: BuildRoot,
    environment: EnvironmentName,
) -> SelectedAdvisories:
    if not options.pypa_database and not options.security_tracker:
        raise AdvisoriesError(
            f"No advisories are named. Run `{bin_name()} vulnerabilities "
            "--pypa-database=PATH --security-tracker=PATH versions::`, or set them in "
            "`[vulnerabilities]`."
        )
    env, libraries = await MultiGet(
        Get(
            EnvironmentVars,
            {
                EnvironmentVarsRequest(options.env_vars): EnvironmentVarsRequest,
                environment: EnvironmentName,
            },
        ),
        Get(
            ToolWheels,
            {ToolWheelsRequest(("cvss",)): ToolWheelsRequest, environment: EnvironmentName},
        ),
    )
    path = os.pathsep.join([*libraries.path_entries, *sys.path])
    content = FileContent(_REQUEST, _request(request.packages, options, root))
    result = await Get(
        FallibleProcessResult,
        {
            Process(
                # The Python of Pants, with the libraries that Pants has.
                argv=(sys.executable, "-s", "-m", _MODULE, _REQUEST, _ANSWER),
                env=FrozenDict({**env, "PYTHONPATH": path, "LC_ALL": "C.UTF-8"}),
                input_digest=await Get(Digest, CreateDigest([content])),
                immutable_input_digests=FrozenDict({TOOLS_MOUNT: libraries.digest}),
                output_files=(_ANSWER,),
                # What is at a path or a URL may be another thing the next time.
                cache_scope=ProcessCacheScope.PER_SESSION,
                description=f"Read advisories about {len(request.packages):,} packages",
                level=LogLevel.INFO,
            ): Process,
            environment: EnvironmentName,
        },
    )
    if result.exit_code != 0:
        raise AdvisoriesError(result.stderr.decode(errors="replace").strip())
    (answer,) = await Get(DigestContents, Digest, result.output_digest)
    data = json.loads(answer.content)
    return SelectedAdvisories(
        tuple(Advisory.from_json(each) for each in data["advisories"]),
        tuple(data["origins"]),
        tuple(data["gaps"]),
    )


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
