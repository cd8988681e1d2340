"""Where a layer's wheels go, and which Python will load them."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Dict


@dataclass(frozen=True)
class Places:
    """Folders of an image, as absolute paths."""

    site_packages: str
    """For example `/usr/local/lib/python3.9/dist-packages`."""

    scripts: str
    """For example `/usr/local/bin`."""

    data: str
    """Prefix of a wheel's data files, for example `/usr/local`."""

    headers: str
    """For example `/usr/local/include/python3.9`."""

    shebang: str
    """The interpreter of scripts, for example `/usr/bin/python3.9`."""

    def folder(self, scheme: str, distribution: str) -> str:
        """The folder of an installation scheme. Source: the binary distribution format, `.data`."""
        folders: Dict[str, str] = {
            "purelib": self.site_packages,
            "platlib": self.site_packages,
            "scripts": self.scripts,
            "data": self.data,
            "headers": f"{self.headers}/{distribution}",
        }
        return folders[scheme]

    def record_path(self, path: str) -> str:
        """How a RECORD in `site_packages` refers to an absolute path."""
        return posixpath.relpath(path, self.site_packages)
