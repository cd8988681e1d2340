"""Builds `debian_layer` targets."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Iterable

from debian.lock import LockedPackage
from debian.sandbox import accounts
from debian.sandbox.plan import Plan
from debian.target_types import (
    DebianAccountsField,
    DebianBaseField,
    DebianExcludesField,
    DebianPackagesField,
    DebianResolveField,
)
from debian.util_rules.fetch import FOLDER, FetchedPackages, FetchRequest
from debian.util_rules.locks import DebianResolveLock, single_base
from locks.util_rules.reading import LockRequest
from oci.format.packages import Package
from oci.format.platform import Platform
from oci.format.purl import PackageUrl
from oci.layer import BuiltLayer, LayerFieldSet, LayerProcess
from oci.sandbox.layer_writer import BLOB, PATHS
from oci.toolchain import Interpreter, InterpreterRequest
from oci.util_rules.kinds import LayerRequest
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, Directory, FileContent, FileEntry, MergeDigests
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import InvalidFieldException
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

_PYTHON = re.compile(r"python(3\.\d+)")
_PLAN = "plan.json"
_BASES = "bases"


@dataclass(frozen=True)
class DebianLayerFieldSet(LayerFieldSet):
    required_fields = (DebianPackagesField, DebianBaseField, DebianAccountsField)

    packages: DebianPackagesField
    resolve: DebianResolveField
    base: DebianBaseField
    accounts: DebianAccountsField
    excludes: DebianExcludesField


@dataclass(frozen=True)
class BaseLayers:
    """The layers that a layer is installed on top of, from the bottom."""

    layers: tuple[BuiltLayer, ...]


@rule(level=LogLevel.DEBUG)
async def base_layers(field_set: DebianLayerFieldSet, environment: EnvironmentName) -> BaseLayers:
    layers: list[BuiltLayer] = []
    origin = f"{field_set.address}: `base`"
    addresses = await Get(
        Addresses, UnparsedAddressInputs, field_set.base.to_unparsed_address_inputs()
    )
    address = single_base(field_set.address, addresses)
    while address:
        request = LayerRequest(address, origin)
        layer = await Get(BuiltLayer, {request: LayerRequest, environment: EnvironmentName})
        layers.insert(0, layer)
        address = layer.base
    return BaseLayers(tuple(layers))


def _package(package: LockedPackage) -> Package:
    """What the lock knows of a package; the installed system completes it."""
    qualifiers = {"arch": package.architecture}
    url = PackageUrl("deb", package.name, package.version, "debian", qualifiers)
    return Package(str(url), package.filename.rpartition("/")[2], package.sha256)


def python_version(packages: DebianPackagesField) -> str:
    """The version of the Python that packages name: `3.9`; empty if they name none."""
    versions = [
        match[1] for name in packages.value or () if (match := _PYTHON.fullmatch(name)) is not None
    ]
    return versions[0] if versions else ""


@rule(desc="Build a layer of Debian packages", level=LogLevel.DEBUG)
async def build_debian_layer(field_set: DebianLayerFieldSet) -> BuiltLayer:
    address = field_set.address
    locked, below = await MultiGet(
        Get(DebianResolveLock, LockRequest, LockRequest.of(field_set.address, field_set.resolve)),
        Get(BaseLayers, DebianLayerFieldSet, field_set),
    )
    base = below.layers[-1].address if below.layers else None
    names = set(locked.names(address, field_set.packages.value or (), base))
    interpreter = await Get(
        Interpreter, InterpreterRequest(python_version(field_set.packages), str(address))
    )
    if base:
        names -= set(locked.lock.targets[str(base)].packages)
    if not names:
        raise InvalidFieldException(
            f"{address}: `packages` names only what {base} holds already, so the layer would be "
            "empty. Name more, or use the base instead of this target."
        )
    packages = tuple(locked.package(name) for name in sorted(names))
    try:
        account_list = accounts.parse(dict(field_set.accounts.value or {}))
    except ValueError as error:
        raise InvalidFieldException(f"{address}: `accounts` {error}") from None
    plan = Plan(
        address=str(address),
        suite=locked.lock.suite,
        suites=list(locked.lock.suites),
        epoch=int(locked.lock.date.timestamp()),
        packages=[package.name for package in packages],
        accounts=account_list,
        excludes=list(field_set.excludes.value or ()),
        contents={package.name: _package(package) for package in packages},
        bases=[str(layer.address) for layer in below.layers],
    )
    fetched, inputs, base_digest = await MultiGet(
        Get(FetchedPackages, FetchRequest(packages, locked.path, locked.command)),
        Get(
            Digest,
            CreateDigest([FileContent(_PLAN, plan.to_json()), Directory(_BASES)]),
        ),
        Get(
            Digest,
            CreateDigest(
                [
                    entry
                    for number, layer in enumerate(below.layers)
                    for entry in (
                        FileEntry(f"{_BASES}/{number}/{BLOB}", layer.blob),
                        FileEntry(f"{_BASES}/{number}/{PATHS}", layer.paths),
                    )
                ]
            ),
        ),
    )
    return await Get(
        BuiltLayer,
        LayerProcess(
            field_set=field_set,
            module="debian.sandbox.rootfs_layer",
            args=(_PLAN, FOLDER, _BASES, json.dumps(interpreter.spec())),
            immutable_input_digests=interpreter.immutable_input_digests,
            input_digest=await Get(Digest, MergeDigests([fetched.digest, inputs, base_digest])),
            base=base,
            platform=locked.lock.platform.joined(
                Platform(python=python_version(field_set.packages))
            ),
        ),
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(LayerFieldSet, DebianLayerFieldSet)]
