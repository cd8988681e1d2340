"""Runs the process that builds a layer, and reads what it says of its result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable

from oci.format.layer_descriptor import LayerDescriptor
from oci.layer import OUTPUT_FOLDER, BuiltLayer, LayerProcess
from oci.sandbox.layer_writer import BLOB, DESCRIPTOR, PACKAGES, PATHS
from oci.subsystem import OciSubsystem
from oci.toolchain import TOOLCHAIN_MOUNT, LayerToolchain
from oci.util_rules import sandbox_code
from oci.util_rules.messages import message
from oci.util_rules.sandbox_code import SandboxCode
from pants.engine.fs import (
    EMPTY_DIGEST,
    Digest,
    DigestContents,
    DigestEntries,
    DigestSubset,
    FileEntry,
    PathGlobs,
)
from pants.engine.process import FallibleProcessResult, Process, ProcessCacheScope
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

REMOTE_CACHE_PATIENCE = 10_000
"""Milliseconds that a process is not started for, while a remote cache has not answered yet.

By default, Pants starts each process beside the question for its result, and stops it at a hit.
"""


class BuildStepError(Exception):
    """A build step failed. The message is the sentence that the step wrote to stderr."""


@dataclass(frozen=True)
class ToolCommandRequest:
    """Asks for the command that runs a module of our sandbox code in the toolchain's Python."""

    module: str

    path_entries: tuple[str, ...] = ()
    """More entries of PYTHONPATH, relative to the sandbox."""


@dataclass(frozen=True)
class ToolCommand:
    """Such a command. Arguments of the module come after `argv`."""

    argv: tuple[str, ...]
    env: FrozenDict[str, str]
    immutable_input_digests: FrozenDict[str, Digest]


@rule(level=LogLevel.DEBUG)
async def tool_command(request: ToolCommandRequest, tools: LayerToolchain) -> ToolCommand:
    toolchain = tools.toolchain
    code = await Get(Digest, SandboxCode(request.module))
    path = [sandbox_code.MOUNT, *request.path_entries]
    return ToolCommand(
        # -S, -s: nothing of the host's or the user's Python is seen.
        argv=(f"{{chroot}}/{TOOLCHAIN_MOUNT}/{toolchain.python}", "-S", "-s", "-m", request.module),
        env=FrozenDict(
            {
                **toolchain.env(TOOLCHAIN_MOUNT),
                "PYTHONPATH": ":".join(f"{{chroot}}/{entry}" for entry in path),
            }
        ),
        immutable_input_digests=FrozenDict(
            {sandbox_code.MOUNT: code, TOOLCHAIN_MOUNT: toolchain.digest}
        ),
    )


@dataclass(frozen=True)
class ToolProcess:
    """A process in the toolchain's Python, that runs a module of our sandbox code.

    Non-zero exits raise `BuildStepError` with what the module wrote to stderr.
    """

    module: str
    args: tuple[str, ...]
    description: str
    input_digest: Digest = EMPTY_DIGEST
    immutable_input_digests: FrozenDict[str, Digest] = FrozenDict()
    output_files: tuple[str, ...] = ()
    output_directories: tuple[str, ...] = ()
    env: FrozenDict[str, str] = FrozenDict()
    path_entries: tuple[str, ...] = ()
    append_only_caches: FrozenDict[str, str] = FrozenDict()
    timeout_seconds: int | None = None
    cache_scope: ProcessCacheScope = ProcessCacheScope.SUCCESSFUL


@rule(level=LogLevel.DEBUG)
async def run_tool(request: ToolProcess) -> FallibleProcessResult:
    command = await Get(ToolCommand, ToolCommandRequest(request.module, request.path_entries))
    result = await Get(
        FallibleProcessResult,
        Process(
            argv=(*command.argv, *request.args),
            env=FrozenDict(
                {
                    **command.env,
                    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                    **request.env,
                }
            ),
            input_digest=request.input_digest,
            immutable_input_digests=FrozenDict(
                {**command.immutable_input_digests, **request.immutable_input_digests}
            ),
            output_files=request.output_files,
            output_directories=request.output_directories,
            append_only_caches=request.append_only_caches,
            timeout_seconds=request.timeout_seconds,
            cache_scope=request.cache_scope,
            remote_cache_speculation_delay_millis=REMOTE_CACHE_PATIENCE,
            description=request.description,
            level=LogLevel.DEBUG,
        ),
    )
    if result.exit_code != 0:
        raise BuildStepError(message(request.description, result))
    return result


@rule(level=LogLevel.DEBUG)
async def build_layer(request: LayerProcess, options: OciSubsystem) -> BuiltLayer:
    field_set = request.field_set
    result = await Get(
        FallibleProcessResult,
        ToolProcess(
            module=request.module,
            args=(
                f"--output={OUTPUT_FOLDER}",
                f"--codec={options.compression.value}",
                f"--tools={{chroot}}/{TOOLCHAIN_MOUNT}",
                *request.args,
            ),
            description=f"Build layer {field_set.address}",
            input_digest=request.input_digest,
            immutable_input_digests=request.immutable_input_digests,
            output_directories=(OUTPUT_FOLDER,),
            env=request.env,
            path_entries=request.path_entries,
        ),
    )
    descriptor_path = f"{OUTPUT_FOLDER}/{DESCRIPTOR}"
    entries, (written,) = await MultiGet(
        Get(DigestEntries, Digest, result.output_digest),
        Get(DigestContents, DigestSubset(result.output_digest, PathGlobs([descriptor_path]))),
    )
    files = {entry.path: entry.file_digest for entry in entries if isinstance(entry, FileEntry)}
    descriptor = LayerDescriptor.from_json(written.content)
    return BuiltLayer(
        address=field_set.address,
        descriptor=replace(descriptor, target=str(field_set.address)),
        blob=files[f"{OUTPUT_FOLDER}/{BLOB}"],
        paths=files[f"{OUTPUT_FOLDER}/{PATHS}"],
        packages=files[f"{OUTPUT_FOLDER}/{PACKAGES}"],
        env=FrozenDict(field_set.env.value or {}),
        base=request.base,
        platform=request.platform,
        metadata=result.metadata,
    )


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
