"""Gives processes what they must know of this machine, apart from their cache keys."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from oci.sandbox.machine_settings import FOLDER, dumps
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.internals.session import RunId
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.option.global_options import NamedCachesDirOption
from pants.util.frozendict import FrozenDict

_CACHE = "machine_settings"


@dataclass(frozen=True)
class MachineSettingsRequest:
    """Asks for settings for the processes of a backend."""

    name: str
    """The backend's name: what its processes find them under."""

    env_vars: tuple[str, ...]
    """Variables of the user's environment, as `EnvironmentVarsRequest` takes them."""

    values: FrozenDict[str, str] = FrozenDict()
    """More variables."""


@dataclass(frozen=True)
class MachineSettings:
    """Settings that lie where processes find them; see `oci.sandbox.machine_settings`."""

    append_only_caches: FrozenDict[str, str]
    """What a process must have to find them."""


@rule
async def write_machine_settings(
    request: MachineSettingsRequest, caches: NamedCachesDirOption, _: RunId
) -> MachineSettings:
    variables = await Get(EnvironmentVars, EnvironmentVarsRequest(request.env_vars))
    # A rule that writes: a named cache is the one thing that a process sees and its key does not
    # hold. Each run of Pants writes it, since it may be gone, or be that of another checkout.
    folder = Path(caches.val) / _CACHE
    folder.mkdir(parents=True, exist_ok=True)
    content = dumps({**variables, **request.values})
    # Only the user's own eyes (0600), as an address may hold a password. In place by one step.
    handle, partial = tempfile.mkstemp(dir=folder, prefix=f".{request.name}-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(partial, folder / request.name)
    return MachineSettings(FrozenDict({_CACHE: FOLDER}))


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
