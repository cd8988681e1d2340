"""A release that is not written yet: what it would be, and whether it may."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Mapping

from runtime.catalogue import Catalogue, Release
from runtime.changes import manifest_changes
from runtime.manifest import Manifest, parse_manifest
from runtime.next_release import NextRelease, add_exception, next_manifest
from runtime.policy import Policy, PolicyError, parse_policy, violations
from runtime.release_number import ReleaseNumber
from wheels.util_rules.requirements import pins


def constraints_path(previous: Manifest, airflow: str, option: str | None) -> str | None:
    """Where Airflow's constraints are, if they are there."""
    if option or airflow == previous.airflow or not previous.constraints:
        return option or previous.constraints
    return previous.constraints.replace(previous.airflow, airflow)


def numbered(
    policy: Policy, before: Release, draft: Manifest, numbers: tuple[str, ...]
) -> ReleaseNumber:
    """The number of a new release: the one that was asked for, else what its changes call for."""
    if numbers:
        return ReleaseNumber.parse(numbers[0])
    return before.number.next(policy.called_for(manifest_changes(before.manifest, draft)))


def with_exception(
    policy: Policy, text: str, before: Release, manifest: Manifest, because: str | None
) -> str:
    """The policy, with an exception if the number is too small and there is a reason."""
    called_for = policy.called_for(manifest_changes(before.manifest, manifest))
    number = ReleaseNumber.parse(manifest.release)
    if not because or called_for <= number.kind_after(before.number):
        return text
    moved = manifest.airflow != before.manifest.airflow and number.line == before.number.line
    airflow = manifest.airflow if moved else None
    return add_exception(text, manifest.release, called_for.label, airflow, because)


def _versions(constraints: str) -> dict[str, str]:
    pairs = (pin.partition("==") for pin in pins(constraints))
    return {name.lower(): version for name, _, version in pairs}


@dataclass(frozen=True)
class Draft:
    """The manifest of a release that is not written yet, and the policy with it."""

    manifest: Manifest
    text: str

    policy: Policy
    policy_text: str

    @classmethod
    def of(
        cls,
        change: NextRelease,
        before: Release,
        policy_path: str,
        inputs: Mapping[str, str],
        why: str | None,
    ) -> Draft:
        """Draft a release.

        Args:
            inputs: Text of the files that it is made from, by path.
            why: Why its number may be too small.
        """
        previous = before.manifest
        path = os.path.join(
            os.path.dirname(os.path.dirname(previous.path)),
            str(change.number),
            os.path.basename(previous.path),
        )
        constrained = _versions(inputs.get(change.constraints or "", ""))
        text = next_manifest(inputs[previous.path], previous, change, constrained)
        manifest = parse_manifest(path, text.encode())
        policy_text = inputs[policy_path]
        policy = parse_policy(policy_path, policy_text.encode())
        policy_text = with_exception(policy, policy_text, before, manifest, why)
        policy = parse_policy(policy_path, policy_text.encode())
        return cls(manifest, text, policy, policy_text)

    def check(self, catalogue: Catalogue) -> None:
        """Refuse a release that breaks the policy.

        Raises:
            PolicyError: it does.
        """
        known = set(violations(catalogue.policy, catalogue.manifests))
        now = violations(self.policy, (*catalogue.manifests, self.manifest))
        problems = [each for each in now if each not in known]
        if problems:
            raise PolicyError(
                "\n".join(problems) + "\nWith `--because`, this command notes the reason there."
            )
