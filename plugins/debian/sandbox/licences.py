"""Finds the licences that a package's copyright file names.

Source: the Debian policy manual, section 12.5, and its machine-readable format 1.0.
"""

from __future__ import annotations

import re
from typing import Set, Tuple

from debian.sandbox.control_data import paragraphs

_COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z0-9][A-Za-z0-9.+-]*[A-Za-z0-9+])")
_MACHINE_READABLE = re.compile(r"^Format(-Specification)?:", re.MULTILINE)
_LICENCE = re.compile(r"^License:[ \t]*(\S.*)$", re.MULTILINE)
_SUBJECT = re.compile(r"^(Files|Format|Format-Specification):", re.MULTILINE)


def licences(copyright_file: str) -> Tuple[str, ...]:
    """The short names of licences, sorted.

    A file for people only, in no format, refers to texts that all systems have: what it refers to
    is given as `common-licenses/GPL-2`, since such a reference says less than a short name.
    """
    if not _MACHINE_READABLE.search(copyright_file[:1000]):
        found = _COMMON.findall(copyright_file)
        return tuple(sorted({f"common-licenses/{name}" for name in found}))
    names: Set[str] = set()
    for stanza in paragraphs(copyright_file):
        # A stanza with neither only gives the text of a licence that others name.
        if _SUBJECT.search(stanza):
            names.update(" ".join(name.split()) for name in _LICENCE.findall(stanza))
    return tuple(sorted(names))
