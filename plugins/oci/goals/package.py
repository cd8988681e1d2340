"""`package`: builds what is named, writes to `dist` what is not there yet, and says what is new.

In place of Pants' goal of the same name, which writes all of `dist` in every run and has no table:
docs/decisions/0016-a-package-goal-of-our-own.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from oci.goals.one_sentence import told_in_one_sentence
from oci.packaged import Packaged
from oci.stored_blobs import check_whole
from oci.written_files import WrittenFiles
from pants.base.build_root import BuildRoot
from pants.base.specs import Specs
from pants.core.goals.package import (
    BuiltPackage,
    EnvironmentAwarePackageRequest,
    PackageFieldSet,
    PackageSubsystem,
)
from pants.core.util_rules.distdir import DistDir
from pants.engine.console import Console
from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestEntries,
    FileEntry,
    MergeDigests,
    SymlinkEntry,
    Workspace,
)
from pants.engine.goal import Goal, GoalSubsystem, Outputting
from pants.engine.internals.session import RunId
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, goal_rule, rule
from pants.engine.target import (
    NoApplicableTargetsBehavior,
    Tags,
    TargetRootsToFieldSets,
    TargetRootsToFieldSetsRequest,
)
from pants.option.global_options import GlobalOptions
from pants.option.option_types import BoolOption
from pants.util.docutil import bin_name
from pants.util.strutil import softwrap

TESTS_ONLY = "tests-only"
"""Tag of what only tests need. `package` leaves it out, unless nothing else is named."""

# A goal's name has one owner. The targets that Pants' own goal packages are ours to package, too.
PackageSubsystem.name = "pants-package"
# So that help lists one of them.
PackageSubsystem.activated = classmethod(  # type: ignore[assignment,method-assign]
    lambda cls, union_membership: False
)


class PackageProductsSubsystem(Outputting, GoalSubsystem):
    name = "package"
    help = softwrap(
        """
        Build images, layers and other products, and write them to `dist`. What is there already
        stays as it is.
        """
    )

    layers = BoolOption(
        default=False, help="List the layers of each image, and whether this run built them."
    )
    json = BoolOption(default=False, help="Write JSON instead of tables.")


class PackageProducts(Goal):
    subsystem_cls = PackageProductsSubsystem
    environment_behavior = Goal.EnvironmentBehavior.USES_ENVIRONMENTS


@dataclass(frozen=True)
class NamedByHand:
    """Whether somebody named the targets, rather than a change."""

    value: bool


@rule
async def named_by_hand(specs: Specs) -> NamedByHand:
    return NamedByHand(not specs.includes.from_change_detection)


class NothingToPackageError(Exception):
    """The command line names no product."""


def _chosen(roots: TargetRootsToFieldSets[PackageFieldSet], named: bool) -> list[PackageFieldSet]:
    """The field sets to package.

    Args:
        roots: What can be packaged among the targets.
        named: Whether somebody named the targets. Then those that only tests need are packaged
            where there are no others, and one of them there must be.

    Raises:
        NothingToPackageError: there is none.
    """
    by_target = [
        (TESTS_ONLY in (target.get(Tags).value or ()), field_sets)
        for target, field_sets in roots.mapping.items()
    ]
    products = [field_sets for tests_only, field_sets in by_target if not tests_only]
    chosen = products or [field_sets for _, field_sets in by_target if named]
    if named and not chosen:
        raise NothingToPackageError(
            "Nothing that the command names can be packaged. Name a folder with two colons, "
            f"`{bin_name()} package FOLDER::`, or the target of a layer or an image."
        )
    return [field_set for field_sets in chosen for field_set in field_sets]


def _folders(packages: Iterable[BuiltPackage], dist: Path) -> list[str]:
    """Folders that belong to one product each: what is in them is of it, or goes."""
    paths = (artifact.relpath for package in packages for artifact in package.artifacts)
    return [path for path in paths if path and (dist / path).is_dir()]


@goal_rule
@told_in_one_sentence
async def package_products(
    workspace: Workspace,
    dist_dir: DistDir,
    root: BuildRoot,
    run_id: RunId,
    global_options: GlobalOptions,
    options: PackageProductsSubsystem,
    console: Console,
) -> PackageProducts:
    roots = await Get(
        TargetRootsToFieldSets,
        TargetRootsToFieldSetsRequest(
            PackageFieldSet,
            goal_description=f"`{bin_name()} package`",
            no_applicable_targets_behavior=NoApplicableTargetsBehavior.ignore,
        ),
    )
    named = await Get(NamedByHand)
    chosen = _chosen(roots, named.value)
    packages = await MultiGet(
        Get(BuiltPackage, EnvironmentAwarePackageRequest(field_set)) for field_set in chosen
    )
    merged = await Get(Digest, MergeDigests(package.digest for package in packages))
    entries = [
        entry
        for entry in await Get(DigestEntries, Digest, merged)
        if isinstance(entry, (FileEntry, SymlinkEntry))
    ]
    dist = Path(root.path, dist_dir.relpath)
    files = WrittenFiles(dist, Path(global_options.pants_workdir, "written-files.json"))
    files.remove_others(_folders(packages, dist), entries)
    missing = files.missing(entries)
    check_whole(
        (entry.file_digest for entry in missing if isinstance(entry, FileEntry)),
        Path(global_options.local_store_dir),
    )
    if missing:
        files.make_way(missing)
        digest = await Get(Digest, CreateDigest(missing))
        workspace.write_digest(digest, path_prefix=str(dist_dir.relpath))
        files.note_written(missing)
    packaged = Packaged(
        tuple(artifact for package in packages for artifact in package.artifacts),
        dist_dir.relpath,
        frozenset(entry.path for entry in missing),
        run_id,
    )
    if options.json:
        text = json.dumps(packaged.to_json(), indent=2)
    else:
        text = "\n".join(packaged.lines(options.layers))
    with options.output_sink(console) as sink:
        print(text, file=sink)
    return PackageProducts(exit_code=0)


def rules() -> Iterable[Rule]:
    return collect_rules()
