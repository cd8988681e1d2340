"""The contract between kinds of layers and images.

A backend adds a kind of layer with three things: a `LayerFieldSet`, a rule from it to `BuiltLayer`
(usually by way of `LayerProcess`), and `UnionRule(LayerFieldSet, ...)`. Nothing in this backend
knows the kinds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from oci.format.layer_descriptor import LayerDescriptor
from oci.format.platform import Platform
from oci.target_types import LayerEnvField
from pants.core.util_rules.environments import EnvironmentField
from pants.engine.addresses import Address
from pants.engine.environment import EnvironmentName
from pants.engine.fs import EMPTY_DIGEST, Digest, FileDigest
from pants.engine.process import ProcessResultMetadata
from pants.engine.target import FieldSet
from pants.engine.unions import union
from pants.util.frozendict import FrozenDict


@dataclass(frozen=True)
class BuiltLayer:
    """A layer that stands in the store."""

    address: Address

    descriptor: LayerDescriptor

    blob: FileDigest
    """The compressed tar."""

    paths: FileDigest
    """The list of its paths, in mtree format."""

    packages: FileDigest
    """The list of its packages, as `oci.format.packages` writes it."""

    env: FrozenDict[str, str]
    """Environment variables that an image with this layer gets."""

    base: Address | None
    """The layer, if any, that this one is the difference on top of: it may change its paths."""

    platform: Platform
    """What it is for; empty, or empty in part, where it does not matter."""

    metadata: ProcessResultMetadata = field(compare=False)
    """Says whether the layer was built or found in a cache."""


@union(in_scope_types=[EnvironmentName])
@dataclass(frozen=True)
class LayerFieldSet(FieldSet):
    """What is common to all kinds of layers.

    A kind of layer subclasses it, and has a rule from its own class to `BuiltLayer`.
    """

    # Without it, a target's `environment` is ignored silently.
    environment: EnvironmentField
    env: LayerEnvField


@dataclass(frozen=True)
class LayerProcess:
    """A process that builds a layer with `oci.sandbox.layer_writer`, in the toolchain's Python.

    The module's arguments are `args`; it writes the layer into the folder `layer`. A message on
    stderr and a non-zero exit become the build's one error.
    """

    field_set: LayerFieldSet

    module: str
    """The module to run, for example `debian.sandbox.rootfs_layer`."""

    args: tuple[str, ...]

    input_digest: Digest = EMPTY_DIGEST

    immutable_input_digests: FrozenDict[str, Digest] = FrozenDict()

    base: Address | None = None
    """See `BuiltLayer.base`."""

    platform: Platform = Platform()
    """See `BuiltLayer.platform`."""

    env: FrozenDict[str, str] = FrozenDict()

    path_entries: tuple[str, ...] = ()
    """More entries of PYTHONPATH, relative to the sandbox: wheels of libraries."""


OUTPUT_FOLDER = "layer"
"""The folder that a layer's process writes into."""
