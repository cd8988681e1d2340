"""`new-release`: makes a release from the one before."""

from __future__ import annotations

import datetime
import os
from dataclasses import replace
from typing import Iterable

from locks.goals.generate_lockfiles import GenerateLock
from oci.goals.one_sentence import told_in_one_sentence
from oci.util_rules.layer_process import BuildStepError
from pants.base.specs import Specs
from pants.core.goals.generate_lockfiles import GenerateLockfileResult
from pants.engine.console import Console
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent, PathGlobs, Workspace
from pants.engine.goal import Goal, GoalSubsystem
from pants.engine.rules import Get, Rule, collect_rules, goal_rule
from pants.engine.unions import UnionRule
from pants.option.option_types import BoolOption, DictOption, StrOption
from pants.util.docutil import bin_name
from pants.util.frozendict import FrozenDict
from pants.util.strutil import softwrap
from runtime.catalogue import Catalogue, Release
from runtime.draft import Draft, constraints_path, numbered
from runtime.goals.release_specs import named_releases
from runtime.manifest import Manifest
from runtime.next_release import TODAY, NextRelease, ReleaseDay, register, release_day
from runtime.notes import ReleaseChanges, compare
from runtime.release_number import Kind, ReleaseNumber
from runtime.resolution_advice import advice
from runtime.subsystem import RuntimeSubsystem
from runtime.util_rules.catalogue import make_release
from runtime.util_rules.documents import Documents, DocumentsRequest
from runtime.util_rules.release import ManifestResolveRequest
from wheels.kind import WheelLocks
from wheels.resolve import WheelResolve
from wheels.subsystem import WheelsSubsystem


class NewReleaseSubsystem(GoalSubsystem):
    name = "new-release"
    help = softwrap(
        """
        Make a release from the one before: manifest, BUILD file, lock with as few changes as can
        be, draft of its notes. `new-release --airflow=2.3.4 5.0.8`; without a number, it is the
        next one by the version policy.
        """
    )

    airflow = StrOption(default=None, help="Version of Airflow, if it is another one.")
    providers = DictOption[str](
        default={},
        help=softwrap(
            """
            New versions of providers: `--providers="{'amazon': '5.0.0'}"`. An empty version removes
            the provider.
            """
        ),
    )
    packages = DictOption[str](
        default={},
        help="The same of other packages: `--packages=\"{'astronomer-providers': '1.8.0'}\"`.",
    )
    security_only = BoolOption(
        default=False,
        help=softwrap(
            """
            Change neither Airflow nor providers: the release has the same manifest, and
            `--packages` whose fixes it is made for.
            """
        ),
    )
    constraints = StrOption(
        default=None,
        help=softwrap(
            """
            File with Airflow's constraints. For another Airflow, the default is the file that is
            named as that of the release before, with the new version; where it does not exist,
            the lock has no constraints, and starts from the pins of the release before.
            """
        ),
    )
    date = StrOption(
        default=None,
        help=softwrap(
            """
            Day of the release, `2022-08-23` or `today`. Packages are those that the index had at
            the end of the next day. The default is the day after the release before.
            """
        ),
    )
    because = StrOption(
        default=None,
        help=softwrap(
            """
            Why the release has a smaller number than its changes call for. It is noted in the
            version policy.
            """
        ),
    )


class NewRelease(Goal):
    subsystem_cls = NewReleaseSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


class NewReleaseError(Exception):
    """The command line does not say which release to make."""


def _day(option: str | None, before: Release) -> ReleaseDay:
    today = datetime.datetime.now(datetime.timezone.utc).date()
    try:
        return release_day(option, before.manifest, today)
    except ValueError:
        raise NewReleaseError(
            f"`--date` is '{option}'. Write a day such as 2022-08-23, or `{TODAY}`."
        ) from None


def check_options(goal: NewReleaseSubsystem) -> None:
    """Refuse options that contradict each other, or say nothing.

    Raises:
        NewReleaseError: with what to change.
    """
    if goal.security_only and (goal.airflow or goal.providers):
        raise NewReleaseError(
            "`--security-only` keeps Airflow and providers. Remove it, or `--airflow` and "
            "`--providers`."
        )
    if not (goal.security_only or goal.airflow or goal.providers or goal.packages):
        raise NewReleaseError(
            "Nothing is to change. Name `--airflow`, `--providers` or `--packages`, or set "
            "`--security-only` for a release that has newer Debian packages alone."
        )


def base_release(catalogue: Catalogue, numbers: tuple[str, ...]) -> Release:
    """The release that a new one is made from: the last one before its number.

    Raises:
        NewReleaseError: there is none, or the number is taken.
    """
    if len(numbers) > 1:
        raise NewReleaseError(f"Name one release, not {' and '.join(numbers)}.")
    if not numbers:
        return catalogue.releases[-1]
    if catalogue.release(numbers[0]):
        raise NewReleaseError(f"There is a release {numbers[0]} already. Take another number.")
    number = ReleaseNumber.parse(numbers[0])
    smaller = [release for release in catalogue.releases if release.number < number]
    if not smaller:
        raise NewReleaseError(f"There is no release before {number} to make it from.")
    return smaller[-1]


def _plan(
    goal: NewReleaseSubsystem,
    numbers: tuple[str, ...],
    before: Release,
    day: ReleaseDay,
    constraints: str | None,
) -> NextRelease:
    """What the command line asks for; without a number, as if it were a patch release."""
    number = ReleaseNumber.parse(numbers[0]) if numbers else before.number.next(Kind.PATCH)
    unchanged = goal.security_only and not goal.packages
    return NextRelease(
        number=number,
        date=day.date,
        resolved=before.manifest.resolved if unchanged else day.resolved,
        airflow=goal.airflow or before.manifest.airflow,
        constraints=constraints,
        providers=FrozenDict(goal.providers),
        packages=FrozenDict(goal.packages),
    )


def _dated(manifest: Manifest, day: ReleaseDay) -> str:
    return (
        f"{manifest.release} is dated {manifest.date}, {day.why}. Its Python packages are those "
        f"of the index at the end of {manifest.resolved}."
    )


def _report(compared: ReleaseChanges, day: ReleaseDay, policy_path: str) -> str:
    before, after = compared.before, compared.after
    return "\n".join(
        [
            *(f"  {change}" for change in compared.chosen),
            f"  and {len(compared.dependencies)} more of {len(after.packages)} Python packages",
            _dated(after.manifest, day),
            f"Made {after.manifest.path} and {after.lock_path} from those of "
            f"{before.manifest.release}. By {policy_path}, the changes call for a "
            f"{compared.called_for.label} release.",
            f"Next: {bin_name()} package {os.path.dirname(after.manifest.path)}::",
        ]
    )


@goal_rule
@told_in_one_sentence
async def new_release(
    console: Console,
    workspace: Workspace,
    specs: Specs,
    goal: NewReleaseSubsystem,
    options: RuntimeSubsystem,
    locks: WheelsSubsystem,
) -> NewRelease:
    check_options(goal)
    numbers = named_releases(specs, goal.name)
    catalogue = await Get(Catalogue)
    before = base_release(catalogue, numbers)
    day = _day(goal.date, before)
    previous = before.manifest
    wanted = constraints_path(previous, goal.airflow or previous.airflow, goal.constraints)
    build = os.path.join(os.path.dirname(previous.path), "BUILD")
    paths = (previous.path, build, options.policy, *options.registries)
    files = await Get(DigestContents, PathGlobs((*paths, *([wanted] if wanted else []))))
    inputs = {file.path: file.content.decode() for file in files}
    if goal.constraints and goal.constraints not in inputs:
        raise NewReleaseError(f"`--constraints` is '{goal.constraints}', which does not exist.")
    change = _plan(goal, numbers, before, day, wanted if wanted in inputs else None)
    draft = Draft.of(change, before, options.policy, inputs, goal.because)
    number = numbered(catalogue.policy, before, draft.manifest, numbers)
    if number != change.number:
        draft = Draft.of(
            replace(change, number=number), before, options.policy, inputs, goal.because
        )
    draft.check(catalogue)

    manifest = draft.manifest
    lock_path = locks.lockfile(manifest.release)
    try:
        locked = await Get(
            GenerateLockfileResult,
            GenerateLock(
                resolve_name=manifest.release,
                lockfile_dest=lock_path,
                diff=False,
                kind=WheelLocks(),
                resolve=await Get(WheelResolve, ManifestResolveRequest(manifest)),
                start_from=before.lock_path,
            ),
        )
    except BuildStepError as error:
        sentences = advice(str(error), goal.providers, goal.packages)
        raise NewReleaseError("\n".join([str(error), *sentences, _dated(manifest, day)])) from None
    (lock,) = await Get(DigestContents, Digest, locked.digest)
    release = make_release(manifest, draft.text.encode(), lock_path, lock.content, "")
    catalogue = replace(catalogue.with_release(release), policy=draft.policy)
    written = await Get(Documents, DocumentsRequest(catalogue))
    made = {
        manifest.path: draft.text.encode(),
        os.path.join(os.path.dirname(manifest.path), "BUILD"): inputs.get(build, "").encode(),
        lock_path: lock.content,
        options.policy: draft.policy_text.encode(),
        **{
            path: register(inputs[path], previous.release, manifest.release).encode()
            for path in options.registries
            if path in inputs
        },
        **{
            os.path.join(options.documents, name): content
            for name, content in written.contents.items()
        },
    }
    # All at once, at the end: a command that fails has changed nothing.
    workspace.write_digest(
        await Get(Digest, CreateDigest([FileContent(*file) for file in made.items()]))
    )
    console.print_stdout(_report(compare(catalogue, before, release), day, options.policy))
    return NewRelease(exit_code=0)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
