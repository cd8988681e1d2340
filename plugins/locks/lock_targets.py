"""Gives locks a target each, so that `--changed-since` sees edits of them."""

from __future__ import annotations

import os
from typing import Iterable

from locks.lock import lock_path
from pants.engine.addresses import Address
from pants.engine.internals.synthetic_targets import SyntheticAddressMaps, SyntheticTargetsRequest
from pants.engine.internals.target_adaptor import TargetAdaptor


def _name(kind: str, resolve: str) -> str:
    return f"_{resolve}_{kind}_lock"


def lock_address(kind: str, folder: str, resolve: str) -> Address:
    """The address of the target of a lock that exists.

    Args:
        kind: What is locked; two kinds may have resolves of one name.
        folder: Where the locks of that kind lie.
        resolve: The lock's resolve.
    """
    return Address(folder, target_name=_name(kind, resolve))


def lock_targets(
    request: SyntheticTargetsRequest, kind: str, folder: str, resolves: Iterable[str]
) -> SyntheticAddressMaps:
    """The targets of locks that exist: a target without its file is an error.

    Args:
        request: Of the kind's backend.
        kind, folder: See `lock_address`.
        resolves: Of these locks.
    """
    targets = tuple(
        TargetAdaptor(
            "_lockfiles",
            name=_name(kind, resolve),
            sources=[f"{resolve}.lock"],
            __description_of_origin__=lock_path(folder, resolve),
        )
        for resolve in sorted(resolves)
    )
    path = os.path.join(folder, f"BUILD.{kind}-locks")
    return SyntheticAddressMaps.for_targets_request(request, [(path, targets)])
