"""Builds `wheel_layer` targets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Iterable

from locks.util_rules.fetched_files import FetchedFiles
from locks.util_rules.reading import LockRequest
from oci.layer import BuiltLayer, LayerFieldSet, LayerProcess
from oci.toolchain import Interpreter, InterpreterRequest
from packaging.utils import canonicalize_name
from pants.engine.addresses import Address, AddressInput
from pants.engine.fs import (
    EMPTY_DIGEST,
    AddPrefix,
    CreateDigest,
    Digest,
    DigestSubset,
    FileContent,
    MergeDigests,
    PathGlobs,
    Snapshot,
)
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import InvalidFieldException
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel
from wheels.lock import LockedDistribution
from wheels.sandbox.locked_files import FetchRequest, LockedFile
from wheels.util_rules.fetch import TOOLS_MOUNT, ToolWheels, ToolWheelsRequest
from wheels.util_rules.locks import WheelResolveLock
from wheels.util_rules.patches import PatchedWheel, PatchWheel
from wheels.util_rules.sdists import BuildRoot, BuildRootRequest, BuildSdist, BuiltWheel
from wheels.util_rules.selection import Selection, WheelLayerFieldSet

_SPEC = "spec.json"
_WHEELS = "wheels"


@dataclass(frozen=True)
class LayerWheelsRequest:
    """Asks for the wheels of a layer, all of them built and patched."""

    field_set: WheelLayerFieldSet
    lock: WheelResolveLock
    names: frozenset[str]


@dataclass(frozen=True)
class LayerWheels:
    """Wheels, by their file names."""

    digest: Digest


def _locked_file(distribution: LockedDistribution) -> LockedFile:
    return LockedFile(
        name=distribution.name,
        version=distribution.version,
        file=distribution.file,
        size=distribution.size,
        sha256=distribution.sha256,
    )


async def _root_request(field_set: WheelLayerFieldSet, lock: str, sdist: str) -> BuildRootRequest:
    spec = field_set.build_root.value
    if not spec:
        raise InvalidFieldException(
            f"{field_set.address}: `build_root` is not set, but {lock} has only the source "
            f"distribution {sdist}. Set it to a layer with compilers, for example "
            "'layers/build:root'."
        )
    origin = f"The `build_root` field of {field_set.address}"
    address = await Get(
        Address,
        AddressInput,
        AddressInput.parse(
            spec, relative_to=field_set.address.spec_path, description_of_origin=origin
        ),
    )
    return BuildRootRequest(address, origin)


async def _unpatched(request: LayerWheelsRequest) -> Digest:
    lock = request.lock
    chosen = [lock.lock.distributions[name] for name in sorted(request.names)]
    if not chosen:
        return EMPTY_DIGEST
    files = FetchRequest(lock.path, lock.command, tuple(_locked_file(each) for each in chosen))
    sdists = [each.file for each in chosen if not each.is_wheel]
    if not sdists:
        return (await Get(FetchedFiles, FetchRequest, files)).digest
    fetched, root = await MultiGet(
        Get(FetchedFiles, FetchRequest, files),
        Get(
            BuildRoot,
            BuildRootRequest,
            await _root_request(request.field_set, lock.path, sdists[0]),
        ),
    )
    wheels, *sources = await MultiGet(
        Get(Digest, DigestSubset(fetched.digest, PathGlobs([glob]))) for glob in ("*.whl", *sdists)
    )
    python = request.field_set.python_path(lock.resolve.platform.python)
    built = await MultiGet(
        Get(BuiltWheel, BuildSdist(file, source, root, python))
        for file, source in zip(sdists, sources)
    )
    return await Get(Digest, MergeDigests([wheels, *(each.digest for each in built)]))


@rule(level=LogLevel.DEBUG)
async def layer_wheels(request: LayerWheelsRequest) -> LayerWheels:
    wheels = await _unpatched(request)
    ours = [each for name, each in request.lock.patched.items() if name in request.names]
    if not ours:
        return LayerWheels(wheels)
    everything = await Get(Snapshot, Digest, wheels)
    files: dict[str, str] = {
        canonicalize_name(file.partition("-")[0]): file for file in everything.files
    }
    before = [files.pop(each.name) for each in ours]
    rest, *originals = await MultiGet(
        Get(Digest, DigestSubset(wheels, PathGlobs(paths)))
        for paths in (files.values(), *([file] for file in before))
    )
    patched = await MultiGet(
        Get(PatchedWheel, PatchWheel(file, original, each))
        for file, original, each in zip(before, originals, ours)
    )
    merged = await Get(Digest, MergeDigests([rest, *(each.digest for each in patched)]))
    return LayerWheels(merged)


def _constraints(lock: WheelResolveLock) -> str:
    return "".join(f"{name}=={lock.installed_version(name)}\n" for name in lock.lock.distributions)


@rule(desc="Build a layer of wheels", level=LogLevel.DEBUG)
async def build_wheel_layer(field_set: WheelLayerFieldSet) -> BuiltLayer:
    lock, selection, tools = await MultiGet(
        Get(WheelResolveLock, LockRequest, LockRequest.of(field_set.address, field_set.resolve)),
        Get(Selection, WheelLayerFieldSet, field_set),
        Get(ToolWheels, ToolWheelsRequest(("installer",))),
    )
    interpreter = await Get(
        Interpreter,
        InterpreterRequest(lock.resolve.platform.python, str(field_set.address)),
    )
    wheels = await Get(LayerWheels, LayerWheelsRequest(field_set, lock, selection.names))
    constraints_file = field_set.constraints_file.value
    spec = {
        **field_set.install_spec(interpreter),
        "files": {constraints_file: _constraints(lock)} if constraints_file else {},
        # A wheel that was built from a source distribution is known by its source.
        "locked": {
            each.name: (each.file, each.sha256)
            for name in sorted(selection.names)
            for each in (lock.lock.distributions[name],)
        },
    }
    spec_digest, wheels_digest = await MultiGet(
        Get(Digest, CreateDigest([FileContent(_SPEC, json.dumps(spec, sort_keys=True).encode())])),
        Get(Digest, AddPrefix(wheels.digest, _WHEELS)),
    )
    return await Get(
        BuiltLayer,
        LayerProcess(
            field_set=field_set,
            module="wheels.sandbox.install_wheels",
            args=(f"--spec={_SPEC}", f"--wheels={_WHEELS}"),
            input_digest=await Get(Digest, MergeDigests([spec_digest, wheels_digest])),
            immutable_input_digests=FrozenDict(
                {TOOLS_MOUNT: tools.digest, **interpreter.immutable_input_digests}
            ),
            path_entries=tools.path_entries,
            platform=lock.resolve.platform,
        ),
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(LayerFieldSet, WheelLayerFieldSet)]
