"""Asks uv what a new lock of Python packages holds."""

from __future__ import annotations

import json
import re
from typing import Iterable

from locks.kind import Solve, Solved
from oci.toolchain import TOOLCHAIN_MOUNT, LayerToolchain
from oci.util_rules.layer_process import ToolProcess
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent
from pants.engine.process import FallibleProcessResult, ProcessCacheScope
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel
from wheels.kind import SolveWheels
from wheels.solution import make_lock
from wheels.util_rules.fetch import TOOLS_MOUNT, IndexClient, ToolWheels, ToolWheelsRequest

_REQUEST = "request.json"
_SOLUTION = "solution.json"
_CACHE = "__uv_cache"


def _end_of(date: str) -> str:
    # uv takes a date for one in the machine's time zone.
    return f"{date}T23:59:59Z" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", date) else date


def _solver_request(request: SolveWheels) -> bytes:
    resolve = request.resolve
    kept = request.previous.distributions.values() if request.previous else ()
    content = {
        "lock": request.path,
        "resolve": resolve.name,
        "requirements": resolve.requirements,
        "constraints": resolve.constraints,
        "exclude_newer": _end_of(resolve.exclude_newer),
        "python_version": resolve.platform.python,
        "platform": resolve.uv_platform,
        "preferences": [f"{each.name}=={each.version}" for each in kept],
    }
    return json.dumps(content, sort_keys=True).encode()


@rule(desc="Lock Python packages", level=LogLevel.DEBUG)
async def solve(request: SolveWheels, client: IndexClient, toolchain: LayerToolchain) -> Solved:
    libraries, solver = await MultiGet(
        Get(ToolWheels, ToolWheelsRequest(("tomli",))),
        Get(ToolWheels, ToolWheelsRequest(("uv",))),
    )
    content = _solver_request(request)
    result = await Get(
        FallibleProcessResult,
        ToolProcess(
            module="wheels.sandbox.solve",
            args=(
                f"--request={_REQUEST}",
                f"--uv={solver.path_entries[0].replace(TOOLS_MOUNT, '__uv', 1)}",
                f"--cache={_CACHE}",
                f"--python={{chroot}}/{TOOLCHAIN_MOUNT}/{toolchain.toolchain.python}",
                f"--output={_SOLUTION}",
            ),
            description=f"Resolve the packages of {request.path}",
            input_digest=await Get(Digest, CreateDigest([FileContent(_REQUEST, content)])),
            immutable_input_digests=FrozenDict(
                {TOOLS_MOUNT: libraries.digest, "__uv": solver.digest}
            ),
            output_files=(_SOLUTION,),
            path_entries=(*client.path_entries, *libraries.path_entries),
            append_only_caches=FrozenDict({"wheels_uv": _CACHE, **client.append_only_caches}),
            # What the index said in an earlier run is not an answer.
            cache_scope=ProcessCacheScope.PER_SESSION,
        ),
    )
    (solution,) = await Get(DigestContents, Digest, result.output_digest)
    return Solved(make_lock(request.resolve, json.loads(solution.content)))


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(Solve, SolveWheels)]
