"""What images run on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Platform:
    """An operating system on a kind of machine. Source: OCI image index, `platform`."""

    architecture: str
    """As OCI and Debian call it: `amd64`."""

    machine: str
    """As the kernel and wheels call it: `x86_64`."""

    os: str = "linux"

    @property
    def multiarch(self) -> str:
        """Debian's name of the folders of libraries. Source: Debian Policy, section 9.1.1."""
        return f"{self.machine}-linux-gnu"


PLATFORM = Platform("amd64", "x86_64")
"""Of all images, and of the toolchain that builds them."""
