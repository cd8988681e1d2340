"""The files that make apt and dpkg behave in a container, as they do in Debian's own images."""

from __future__ import annotations

from typing import Dict, List, Sequence

from oci.sandbox.errors import SandboxError

SOURCES = "etc/apt/sources.list"

_DPKG = """\
# What containers do without. The image itself was made so.
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/groff/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-include=/usr/share/locale/locale.alias
path-exclude=/usr/share/man/*
# An interrupted installation is thrown away with its layer: no need to wait for the disk.
force-unsafe-io
"""

_APT = """\
# Downloaded packages and caches would only swell the layers above.
APT::Keep-Downloaded-Packages "false";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
APT::AutoRemove::SuggestsImportant "false";
"""

_POLICY = """\
#!/bin/sh
# Packages that bring a service do not start it while an image is built.
exit 101
"""

TEXTS: Dict[str, str] = {
    "etc/apt/apt.conf.d/90container": _APT,
    "etc/dpkg/dpkg.cfg.d/90container": _DPKG,
    "usr/sbin/policy-rc.d": _POLICY,
}
"""Files that the lowest layer gets, by path."""

MODES: Dict[str, int] = {"usr/sbin/policy-rc.d": 0o755}
"""Modes that are not 0644."""


def sources_list(example: str, suite: str, suites: Sequence[str]) -> str:
    """The `sources.list` of an image: Debian's own archives, as the package `apt` names them.

    Args:
        example: The example that the package holds.
        suite: Codename of the release.
        suites: All suites that the layer was made of.

    Raises:
        SandboxError: the example names no archive for the suite.
    """
    for line in example.splitlines():
        words = line.split()
        if len(words) > 3 and words[0] == "deb" and words[2] == suite:
            main = words[1].rstrip("/")
            break
    else:
        raise SandboxError(
            f"The package `apt` holds no example of a sources.list for {suite}: the image's "
            "sources are made of it, so `apt` must be the one of that release."
        )
    result: List[str] = []
    for name in suites:
        # The same network of servers holds both archives, side by side.
        archive = f"{main}-security" if name.endswith("-security") else main
        result.append(f"deb {archive} {name} main")
    return "".join(f"{line}\n" for line in result)
