"""Target types for layers and toolchains of Debian packages."""

from __future__ import annotations

from typing import Iterable, Optional, Tuple, Union

from debian.kind import DebianLocks
from locks.kind import LockedByField
from oci.target_types import COMMON_LAYER_FIELDS
from pants.core.util_rules.environments import EnvironmentField
from pants.engine.addresses import Address
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    Dependencies,
    DictStringToStringField,
    SpecialCasedDependencies,
    StringSequenceField,
    Target,
)
from pants.util.docutil import bin_name
from pants.util.strutil import help_text


class DebianPackagesField(StringSequenceField):
    alias = "packages"
    required = True
    help = help_text(
        """
        Names of Debian packages, for example `["ca-certificates", "curl"]`.

        What they depend on is installed too; what they merely recommend is not.
        """
    )


class ToolchainPackagesField(DebianPackagesField):
    help = help_text(
        """
        Names of Debian packages, for example `["python3.9-minimal", "libexpat1"]`.

        They are unpacked, not installed, and nothing that they depend on comes along: name all that
        the programs need, but for the C library, which is the host's.
        """
    )


class DebianResolveField(LockedByField):
    kind = DebianLocks
    help = help_text(
        """
        The resolve, a key of `[debian].resolves`, whose lock pins the packages, for example
        `"bullseye"`.
        """
    )


class DebianBaseField(SpecialCasedDependencies):
    alias = "base"
    help = help_text(
        """
        Address of the `debian_layer` that this one is installed on top of, for example
        `"layers/os"`.

        The layer then holds only what installing its packages there adds and changes. An image
        needs the base below it. Without a base, the layer holds a whole system: the essential
        packages of Debian, apt, and `packages`.
        """
    )

    @classmethod
    def compute_value(
        # Not `str | None`: the help goal evaluates it, in Python 3.9.
        cls,
        raw_value: Union[str, Iterable[str], None],
        address: Address,
    ) -> Optional[Tuple[str, ...]]:
        # One base is all there can be, so its name alone will do.
        values = (raw_value,) if isinstance(raw_value, str) else raw_value
        return super().compute_value(values, address)


class DebianAccountsField(DictStringToStringField):
    alias = "accounts"
    help = help_text(
        """
        User accounts: a name, and `UID:GID HOME`, for example
        `{"astro": "50000:0 /home/astro"}`.

        They exist before any package that could make one itself, so an id never depends on the
        order of installation. The password is locked. The home directory belongs to the account,
        with mode 0775.
        """
    )


class DebianExcludesField(StringSequenceField):
    alias = "excludes"
    help = help_text(
        """
        Paths to leave out, with all below them, for example `["/etc/ssl/private"]`. `*` stands for
        any part of a name.

        For what packages make anew at each installation, such as keys and databases: it would
        differ from build to build, and a key in an image is not a secret.
        """
    )


class DebianLayerTarget(Target):
    alias = "debian_layer"
    core_fields = (
        *COMMON_LAYER_FIELDS,
        Dependencies,
        DebianPackagesField,
        DebianResolveField,
        DebianBaseField,
        DebianAccountsField,
        DebianExcludesField,
    )
    help = help_text(
        f"""
        A layer of installed Debian packages.

        The packages are real: apt chooses them, dpkg installs them and runs their scripts, and
        `apt-get install` works in the image. Exact versions and hashes stand in the lock of
        `resolve`; after an edit of `packages`, run `{bin_name()} generate-lockfiles`.
        """
    )


class DebianToolchainTarget(Target):
    alias = "debian_toolchain"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        EnvironmentField,
        Dependencies,
        ToolchainPackagesField,
        DebianResolveField,
    )
    help = help_text(
        """
        Programs from Debian packages that builds run on this machine.

        The packages are unpacked into a tree of their own; nothing is installed, and no image gets
        them. `[oci].toolchain` names the one that layers are built with.
        """
    )
