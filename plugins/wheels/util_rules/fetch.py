"""Fetches locked files, and the few wheels that this backend itself runs."""

from __future__ import annotations

import json
import pkgutil
from dataclasses import asdict, dataclass
from typing import Iterable

from locks.util_rules.fetched_files import Download, FetchedFiles
from oci.progress import progress
from oci.util_rules.layer_process import ToolProcess
from oci.util_rules.machine_settings import MachineSettings, MachineSettingsRequest
from oci.util_rules.messages import in_key
from oci.util_rules.toolchain_libraries import ToolchainLibraries
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.process import FallibleProcessResult
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel
from wheels.sandbox.locked_files import FetchRequest, LockedFile
from wheels.sandbox.pip_settings import SETTINGS
from wheels.subsystem import WheelsSubsystem

TOOLS_MOUNT = "__wheel_tools"
"""Where `ToolWheels` lie in a sandbox."""

FILE_CACHE = FrozenDict({"wheels_files": "__file_cache"})
"""Downloaded files by their hash."""

_CACHE_FOLDER = "__file_cache"
_OUTPUT = "files"
_REQUEST = "request.json"
_TOOLS_LOCK = "plugins/wheels/tools.json"


@dataclass(frozen=True)
class IndexClient:
    """What a process that talks to the package index needs."""

    path_entries: tuple[str, ...]
    """Libraries of the toolchain, for PYTHONPATH."""

    append_only_caches: FrozenDict[str, str]
    """Where it finds what the user and this machine say of the index."""


@dataclass(frozen=True)
class ToolWheelsRequest:
    """Asks for wheels of `tools.json`, by name."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class ToolWheels:
    """Wheels that this backend runs."""

    digest: Digest

    path_entries: tuple[str, ...]
    """For PYTHONPATH, when the digest lies at `TOOLS_MOUNT`."""


@rule
async def index_client(libraries: ToolchainLibraries, options: WheelsSubsystem) -> IndexClient:
    settings = await Get(MachineSettings, MachineSettingsRequest(SETTINGS, tuple(options.env_vars)))
    return IndexClient(libraries.path_entries, settings.append_only_caches)


@rule(desc="Fetch locked Python packages", level=LogLevel.DEBUG)
async def fetch_files(request: FetchRequest, client: IndexClient) -> FetchedFiles:
    content = {**asdict(request), "fix": in_key(request.fix)}
    spec = FileContent(_REQUEST, json.dumps(content, sort_keys=True).encode())
    total = sum(file.size for file in request.files)
    inputs = await Get(Digest, CreateDigest([spec]))
    with progress.fetch({file.sha256: file.size for file in request.files}):
        result = await Get(
            FallibleProcessResult,
            ToolProcess(
                module="wheels.sandbox.fetch_files",
                args=(f"--request={_REQUEST}", f"--cache={_CACHE_FOLDER}", f"--output={_OUTPUT}"),
                description=(
                    f"Fetch {len(request.files)} Python packages of {request.lock} "
                    f"({total / 1e6:.1f} MB)"
                ),
                input_digest=inputs,
                output_directories=(_OUTPUT,),
                path_entries=client.path_entries,
                append_only_caches=FrozenDict({**FILE_CACHE, **client.append_only_caches}),
            ),
        )
    hashes = FrozenDict((file.file, file.sha256) for file in request.files)
    return await Get(FetchedFiles, Download(request.lock, hashes, result.output_digest, _OUTPUT))


def tool_files(names: Iterable[str]) -> tuple[LockedFile, ...]:
    """The files of `tools.json` with these names."""
    content = pkgutil.get_data("wheels", "tools.json")
    assert content is not None
    tools = json.loads(content)
    return tuple(LockedFile(name=name, **tools[name]) for name in names)


@rule
async def tool_wheels(request: ToolWheelsRequest) -> ToolWheels:
    files = tool_files(request.names)
    fetched = await Get(
        FetchedFiles, FetchRequest(_TOOLS_LOCK, f"git checkout {_TOOLS_LOCK}", files)
    )
    return ToolWheels(fetched.digest, tuple(f"{TOOLS_MOUNT}/{file.file}" for file in files))


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
