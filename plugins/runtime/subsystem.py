"""Options of the backend."""

from __future__ import annotations

from pants.option.option_types import StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.docutil import bin_name
from pants.util.strutil import softwrap


class RuntimeSubsystem(Subsystem):
    """Options of `[runtime]`."""

    options_scope = "runtime"
    help = "Options for releases of Astro Runtime."

    policy = StrOption(
        default="versions/policy.yaml",
        help=softwrap(
            """
            The version policy: which kind of release a change calls for, which releases were
            numbered otherwise, how long releases are maintained.
            """
        ),
    )
    published = StrOption(
        default="versions/published.json",
        help=softwrap(
            f"""
            What published releases were made of. `{bin_name()} seal-release` writes it, and
            `{bin_name()} check` refuses edits of what it lists.
            """
        ),
    )
    documents = StrOption(
        default="docs/releases",
        help=softwrap(
            f"""
            The folder of release notes and tables, which `{bin_name()} release-notes` writes.
            """
        ),
    )
    registries = StrListOption(
        default=["versions/macros.py"],
        help=softwrap(
            f"""
            Files that name every release for BUILD files. `{bin_name()} new-release` adds one.
            """
        ),
    )
