"""`release-notes`: writes the notes of all releases and the tables over them."""

from __future__ import annotations

import os
from typing import Iterable

from oci.goals.one_sentence import told_in_one_sentence
from pants.engine.console import Console
from pants.engine.fs import CreateDigest, Digest, FileContent, Workspace
from pants.engine.goal import Goal, GoalSubsystem
from pants.engine.rules import Get, Rule, collect_rules, goal_rule
from pants.engine.unions import UnionRule
from runtime.catalogue import Catalogue
from runtime.subsystem import RuntimeSubsystem
from runtime.util_rules.documents import Documents, DocumentsRequest


class ReleaseNotesSubsystem(GoalSubsystem):
    name = "release-notes"
    help = "Write release notes, and tables over all releases, from manifests and locks."


class ReleaseNotes(Goal):
    subsystem_cls = ReleaseNotesSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


@goal_rule
@told_in_one_sentence
async def release_notes(
    console: Console,
    workspace: Workspace,
    options: RuntimeSubsystem,
) -> ReleaseNotes:
    catalogue = await Get(Catalogue)
    written = await Get(Documents, DocumentsRequest(catalogue))
    files = [
        FileContent(os.path.join(options.documents, name), content)
        for name, content in written.contents.items()
    ]
    # All of the folder is written here: what else lies in it is of a release that is gone.
    workspace.write_digest(await Get(Digest, CreateDigest(files)), clear_paths=(options.documents,))
    console.print_stdout(f"Wrote {len(files)} documents to {options.documents}.")
    return ReleaseNotes(exit_code=0)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
