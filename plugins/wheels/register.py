"""Image layers of locked Python packages: add `wheels` to `[GLOBAL].backend_packages`."""

from __future__ import annotations

from typing import Iterable

from pants.engine.rules import Rule
from pants.engine.target import Target
from pants.engine.unions import UnionRule
from wheels.goals import divide_layers
from wheels.target_types import ProjectLayerTarget, WheelLayerTarget, WheelRequirementsTarget
from wheels.util_rules import (
    fetch,
    layer_dependencies,
    locks,
    patches,
    project_layer,
    requirements,
    sdists,
    selection,
    solve,
    wheel_layer,
)


def target_types() -> Iterable[type[Target]]:
    return [ProjectLayerTarget, WheelLayerTarget, WheelRequirementsTarget]


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *divide_layers.rules(),
        *fetch.rules(),
        *layer_dependencies.rules(),
        *locks.rules(),
        *patches.rules(),
        *project_layer.rules(),
        *requirements.rules(),
        *sdists.rules(),
        *selection.rules(),
        *solve.rules(),
        *wheel_layer.rules(),
    ]
