"""Which paths of an installed system belong into a layer."""

from __future__ import annotations

import posixpath
import re
from typing import Callable, Sequence

from oci.sandbox.bytecode import is_bytecode

# Made anew on every machine and at every start, or left over from the installation.
_TRANSIENT = re.compile(
    r"""
    (dev|proc|sys|tmp|var/tmp|var/backups)/.*
    | run/(?!lock$).*
    | etc/(hostname|resolv\.conf|mtab)
    | etc/(passwd|group|shadow|gshadow|subuid|subgid)-
    | etc/\.pwd\.lock
    | (etc/apt/apt\.conf\.d|etc/dpkg/dpkg\.cfg\.d)/99mmdebstrap
    | etc/apt/sources\.list(\.d/.*)?
    | var/cache/ldconfig/aux-cache
    | var/cache/debconf/.*-old
    | var/lib/dbus/machine-id
    | var/lib/dpkg/(.*-old|lock|lock-frontend|triggers/Lock)
    # apt makes these again, for a user whose id it takes from the machine that it runs on.
    | var/(lib/apt/lists|cache/apt/archives)/.*
    | var/lib/apt/daily_lock
    """,
    re.VERBOSE,
)

# Folders that stay, without the files in them.
_EMPTIED = re.compile(r"(var/log|var/cache/(apt|man))/.*")

_DOCUMENTATION = re.compile(r"usr/share/(doc|groff|info|locale|man)/.*")
_DOCUMENTATION_KEPT = re.compile(
    r"""
    usr/share/doc/[^/]+ | usr/share/doc/[^/]+/copyright
    | usr/share/locale/locale\.alias
    # Some packages fail where these are missing.
    | usr/share/man/man[1-8]
    """,
    re.VERBOSE,
)


def _pattern(text: str) -> str:
    name = re.escape(text.strip("/")).replace(r"\*", "[^/]*")
    return f"{name}(/.*)?"


def excluder(patterns: Sequence[str]) -> Callable[[str], bool]:
    """A function that says whether a path is at or below one of the patterns.

    `*` in a pattern stands for any part of a name.
    """
    regex = re.compile("|".join(map(_pattern, patterns)))
    return lambda path: bool(patterns) and bool(regex.fullmatch(path))


def belongs(path: str, is_directory: bool) -> bool:
    """Whether a path, which is a directory or not, belongs into a layer."""
    if is_bytecode(path) or _TRANSIENT.fullmatch(path):
        return False
    if _EMPTIED.fullmatch(path):
        return is_directory
    return not _DOCUMENTATION.fullmatch(path) or bool(_DOCUMENTATION_KEPT.fullmatch(path))


def link_target(path: str, target: str) -> str:
    """The path that a symbolic link at `path` refers to."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(path), target)).lstrip("/")
