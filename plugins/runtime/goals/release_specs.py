"""Reads which releases a goal is about: `./pants GOAL 5.0.7`, or `versions/5.0.7`."""

from __future__ import annotations

import posixpath

from pants.base.specs import Specs
from runtime.catalogue import Catalogue, Release
from runtime.release_number import ReleaseNumber


class ReleaseSpecError(Exception):
    """The command line names no releases, or other ones than there are."""


def named_releases(specs: Specs, goal: str) -> tuple[str, ...]:
    """The numbers on the command line, which need not be those of releases.

    Raises:
        ReleaseSpecError: something else is named.
    """
    raw = specs.includes
    paths = [
        *(spec.file for spec in raw.file_literals),
        *(spec.directory for spec in raw.dir_literals),
    ]
    others = (*raw.address_literals, *raw.file_globs, *raw.dir_globs, *raw.recursive_globs)
    numbers = [posixpath.basename(path) for path in paths]
    for text in (*numbers, *(str(spec) for spec in others)):
        try:
            ReleaseNumber.parse(text)
        except ValueError as error:
            raise ReleaseSpecError(f"`{goal}`: {error}. Name releases by their numbers.") from None
    return tuple(numbers)


def find_release(catalogue: Catalogue, number: str) -> Release:
    """The release with a number.

    Raises:
        ReleaseSpecError: there is none.
    """
    release = catalogue.release(number)
    if release is None:
        known = ", ".join(each.manifest.release for each in catalogue.releases)
        raise ReleaseSpecError(f"There is no release {number} (there are: {known}). Correct it.")
    return release
