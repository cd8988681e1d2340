"""`seal-release`: notes what a published release was made of, so that it stays so."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import Iterable

from debian.util_rules.locks import DebianResolveLock
from locks.util_rules.reading import LockRequest
from oci.goals.one_sentence import told_in_one_sentence
from oci.image import ImageSpec
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.kinds import ImageRequest
from pants.base.specs import Specs
from pants.engine.console import Console
from pants.engine.fs import CreateDigest, Digest, FileContent, Workspace
from pants.engine.goal import Goal, GoalSubsystem
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, goal_rule, rule
from pants.engine.target import AllTargets
from pants.engine.unions import UnionRule
from pants.option.option_types import BoolOption
from pants.util.docutil import bin_name
from pants.util.frozendict import FrozenDict
from runtime.catalogue import Catalogue, Release
from runtime.goals.release_specs import find_release, named_releases
from runtime.policy import PolicyError, violations
from runtime.published import Published, PublishedError, PublishedLayer, PublishedRelease
from runtime.subsystem import RuntimeSubsystem
from runtime.util_rules.documents import (
    Documents,
    DocumentsRequest,
    debian_lock_request,
    debian_state,
    image_of,
)


class SealReleaseSubsystem(GoalSubsystem):
    name = "seal-release"
    help = (
        "Note what published releases are made of, so that no edit of them goes unseen: "
        "`seal-release 5.0.8`."
    )

    again = BoolOption(
        default=False,
        help=(
            "Seal releases again that are sealed already. For the day when fields of manifests "
            "get another form."
        ),
    )


class SealRelease(Goal):
    subsystem_cls = SealReleaseSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


@dataclass(frozen=True)
class SealRequest:
    """Asks for the seal of a release, whose images are built for it."""

    release: Release


@rule
async def make_seal(request: SealRequest, all_targets: AllTargets) -> PublishedRelease:
    release = request.release
    assert release.lock_hash is not None
    address = image_of(release, all_targets)
    spec, locked = await MultiGet(
        Get(ImageSpec, ImageRequest(address)),
        Get(DebianResolveLock, LockRequest, debian_lock_request(release.manifest)),
    )
    image = await Get(BuiltImage, ImageSpec, spec)
    config = json.loads(image.config.content)["config"]
    return PublishedRelease(
        manifest=release.manifest_hash,
        lock=release.lock_hash,
        debian=debian_state(locked.lock, spec.layers),
        settings=FrozenDict(sorted(variable.split("=", 1) for variable in config["Env"])),
        layers=tuple(
            PublishedLayer(
                target=str(layer.address),
                digest=layer.descriptor.digest,
                diff_id=layer.descriptor.diff_id,
                size=layer.descriptor.size,
            )
            for layer in image.layers
        ),
    )


def check_sealable(catalogue: Catalogue, releases: Iterable[Release], again: bool) -> None:
    """Refuse what must not be published.

    Raises:
        PolicyError: releases break the policy.
        PublishedError: a release is sealed already, or has no lock.
    """
    broken = tuple(violations(catalogue.policy, catalogue.manifests))
    if broken:
        raise PolicyError("\n".join(broken))
    for release in releases:
        number = release.manifest.release
        if catalogue.seal(release) and not again:
            raise PublishedError(
                f"{catalogue.published_path}: {number} is sealed already. Make the change in a new "
                f"release: `{bin_name()} new-release`."
            )
        if release.lock_hash is None:
            raise PublishedError(
                f"{release.lock_path}: {number} has no lock yet. Run "
                f"`{bin_name()} generate-lockfiles --resolve={number}`."
            )


@goal_rule
@told_in_one_sentence
async def seal_release(
    console: Console,
    workspace: Workspace,
    specs: Specs,
    goal: SealReleaseSubsystem,
    options: RuntimeSubsystem,
) -> SealRelease:
    catalogue = await Get(Catalogue)
    releases = [find_release(catalogue, number) for number in named_releases(specs, goal.name)]
    check_sealable(catalogue, releases, goal.again)
    seals = await MultiGet(Get(PublishedRelease, SealRequest(release)) for release in releases)
    sealed = {release.manifest.release: seal for release, seal in zip(releases, seals)}
    published = Published(FrozenDict({**catalogue.published.releases, **sealed}))
    written = await Get(Documents, DocumentsRequest(replace(catalogue, published=published)))
    workspace.write_digest(
        await Get(
            Digest,
            CreateDigest(
                [
                    FileContent(options.published, published.to_json()),
                    *(
                        FileContent(os.path.join(options.documents, name), content)
                        for name, content in written.contents.items()
                    ),
                ]
            ),
        )
    )
    console.print_stdout(f"Sealed {', '.join(sealed) or 'nothing'} in {options.published}.")
    return SealRelease(exit_code=0)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
