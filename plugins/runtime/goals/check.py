"""`check` for releases: the version policy, the seals of published releases, stale documents."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable, Mapping

from pants.core.goals.check import CheckRequest, CheckResult, CheckResults
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import FieldSet
from pants.engine.unions import UnionRule
from pants.util.docutil import bin_name
from pants.util.logging import LogLevel
from runtime.catalogue import Catalogue, broken_seals
from runtime.policy import violations
from runtime.subsystem import RuntimeSubsystem
from runtime.target_types import ImageReleaseField
from runtime.util_rules.documents import Documents, DocumentsRequest


@dataclass(frozen=True)
class CheckReleaseFieldSet(FieldSet):
    """An image, since that is what depends on all that is checked: manifests, locks, the policy."""

    required_fields = (ImageReleaseField,)

    release: ImageReleaseField


class CheckPolicyRequest(CheckRequest[CheckReleaseFieldSet]):
    field_set_type = CheckReleaseFieldSet
    tool_name = "version-policy"


class CheckDocumentsRequest(CheckRequest[CheckReleaseFieldSet]):
    field_set_type = CheckReleaseFieldSet
    tool_name = "release-notes"


def check_results(sentences: Iterable[str], checker_name: str) -> CheckResults:
    """Fails where there is a sentence about what is wrong."""
    text = "\n".join(sentences)
    return CheckResults(
        [CheckResult(exit_code=1 if text else 0, stdout="", stderr=text)], checker_name=checker_name
    )


@rule(desc="Check releases against the version policy", level=LogLevel.DEBUG)
async def check_policy(request: CheckPolicyRequest, catalogue: Catalogue) -> CheckResults:
    if not request.field_sets:
        return CheckResults([], checker_name=request.tool_name)
    # All releases, whichever were asked for: the rules are about neighbours.
    sentences = [*violations(catalogue.policy, catalogue.manifests), *broken_seals(catalogue)]
    return check_results(sentences, request.tool_name)


def stale(wanted: Mapping[str, bytes], present: Mapping[str, bytes]) -> list[str]:
    """A sentence for each document that is not as it would be written now."""
    command = f"{bin_name()} release-notes"
    return [
        f"{path}: releases have changed since it was written. Run `{command}`."
        if path in wanted
        else f"{path}: no release has such a document. Run `{command}`, which removes it."
        for path in sorted({*wanted, *present})
        if wanted.get(path) != present.get(path)
    ]


@rule(desc="Check release notes and tables", level=LogLevel.DEBUG)
async def check_documents(
    request: CheckDocumentsRequest,
    catalogue: Catalogue,
    options: RuntimeSubsystem,
) -> CheckResults:
    if not request.field_sets:
        return CheckResults([], checker_name=request.tool_name)
    written = await Get(Documents, DocumentsRequest(catalogue))
    folder = options.documents
    wanted = {os.path.join(folder, name): text for name, text in written.contents.items()}
    files = await Get(DigestContents, PathGlobs([os.path.join(folder, "*")]))
    return check_results(
        stale(wanted, {file.path: file.content for file in files}), request.tool_name
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(CheckRequest, CheckDocumentsRequest),
        UnionRule(CheckRequest, CheckPolicyRequest),
    ]
