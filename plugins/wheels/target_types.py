"""Target types for requirements, for layers of wheels, and for layers of a project's own code."""

from __future__ import annotations

from locks.kind import LockedByField
from oci.format.platform import DEFAULT
from oci.target_types import COMMON_LAYER_FIELDS
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    BoolField,
    Dependencies,
    MultipleSourcesField,
    OptionalSingleSourceField,
    StringField,
    StringSequenceField,
    Target,
)
from pants.util.docutil import bin_name
from pants.util.strutil import help_text
from wheels.kind import WheelLocks


class WheelResolveField(LockedByField):
    kind = WheelLocks
    help = help_text(
        """
        The resolve whose lock pins the distributions, for example `"5.0.6"`.

        `parametrize("5.0.5", "5.0.6")` makes one layer for each.
        """
    )


class WheelDistributionsField(StringSequenceField):
    alias = "distributions"
    help = help_text(
        """
        The distributions of the lock that the layer holds: canonical names (lower case, with
        hyphens) or shell patterns of them, for example `["apache-airflow-providers-*", "pip"]`.
        None at all makes sense with `division` or `constraints_file`.
        """
    )


class WheelDivisionField(OptionalSingleSourceField):
    alias = "division"
    expected_file_extensions = (".json",)
    help = help_text(
        f"""
        A file that divides libraries among the layers of a folder: an object whose keys are names
        of targets, and whose values are lists of canonical names. The layer also holds those of
        its own name that the lock has.

        `{bin_name()} divide-layers` writes it.
        """
    )


class WheelTransitiveField(BoolField):
    alias = "transitive"
    default = False
    help = help_text(
        """
        Whether the layer also holds what its `distributions` need, and what these need, and so on.
        """
    )


class WheelExcludeField(StringSequenceField):
    alias = "exclude"
    help = help_text(
        """
        Distributions that the layer does not hold, as names or shell patterns, for example
        `["apache-airflow-providers-*"]`. What only they need is left out, too.
        """
    )


class WheelExceptLayersField(StringSequenceField):
    alias = "except_layers"
    help = help_text(
        """
        Addresses of `wheel_layer` targets that hold distributions instead of this one, for example
        `["layers/airflow:dependencies"]`. What they need is not left out.

        Without a parameter, an address means the layer with the same `resolve`.
        """
    )


class WheelOmitField(StringSequenceField):
    alias = "omit"
    help = help_text(
        """
        Files of wheels that are left out: shell patterns of paths below `site_packages`, whose `*`
        also matches slashes, for example `["tests/*"]`.

        For files that a wheel should not have, such as a top-level package `tests`, which two
        wheels hold with different content.
        """
    )


class WheelConstraintsFileField(StringField):
    alias = "constraints_file"
    help = help_text(
        """
        Path in the image of a file that pins all distributions of the lock, those of other layers
        too, for example `"/usr/local/share/constraints.txt"`. It keeps `pip install` in the image
        from changing what is there. Defaults to no such file.
        """
    )


class WheelBuildRootField(StringField):
    alias = "build_root"
    help = help_text(
        """
        Address of the layer in which source distributions are built: a whole system with
        compilers, setuptools and what else they need, for example `"layers/build:root"`.

        Nothing of it gets into the layer. Needed only where the lock has no wheel for a
        distribution.
        """
    )


class PythonVersionField(StringField):
    alias = "python_version"
    help = help_text(
        """
        Version of the image's Python, for example `"3.11"`, which compiles the modules of this
        layer: `[oci].interpreters` or `[oci].toolchain` has it. Defaults to that of
        `[oci].toolchain`.
        """
    )


class WheelSitePackagesField(StringField):
    alias = "site_packages"
    help = help_text(
        """
        The folder of the image that Python imports from. Defaults to where Debian's Python looks
        for packages that pip installs, for example `/usr/local/lib/python3.9/dist-packages`.
        """
    )


class WheelPrefixField(StringField):
    alias = "prefix"
    default = "/usr/local"
    help = help_text(
        """
        The folder of the image below which scripts (`bin`), headers (`include`) and data go.
        """
    )


class WheelPythonField(StringField):
    alias = "python"
    help = help_text(
        """
        The interpreter in the image that scripts start, for example `/usr/bin/python3.9`, which is
        the default where that is Python 3.9.
        """
    )


_PLACE_FIELDS = (
    WheelOmitField,
    WheelSitePackagesField,
    WheelPrefixField,
    WheelPythonField,
)


class WheelLayerTarget(Target):
    alias = "wheel_layer"
    core_fields = (
        *COMMON_LAYER_FIELDS,
        *_PLACE_FIELDS,
        Dependencies,
        WheelResolveField,
        WheelDistributionsField,
        WheelDivisionField,
        WheelTransitiveField,
        WheelExcludeField,
        WheelExceptLayersField,
        WheelConstraintsFileField,
        WheelBuildRootField,
    )
    help = help_text(
        """
        A layer of Python packages, installed from a lock.

        Source distributions are built in `build_root`, once on each machine. Modules are compiled,
        so starting a container compiles nothing.
        """
    )


class ProjectSourcesField(MultipleSourcesField):
    default = ("pyproject.toml", "**/*.py", "!**/*_test.py", "!**/conftest.py")
    expected_num_files = range(1, 10_000)
    help = help_text(
        """
        The project: pyproject.toml and all that it packages.
        """
    )


class ProjectLayerTarget(Target):
    alias = "project_layer"
    core_fields = (
        *COMMON_LAYER_FIELDS,
        *_PLACE_FIELDS,
        Dependencies,
        PythonVersionField,
        ProjectSourcesField,
    )
    help = help_text(
        """
        A layer of one Python project of this repository, installed as its wheel would be.

        The project has a pyproject.toml with the build backend `flit_core.buildapi`, in the same
        directory as the BUILD file.
        """
    )


class RequirementsResolveField(StringField):
    alias = "resolve"
    required = True
    help = help_text(
        f"""
        The name of the resolve, for example `"tools"`.

        `{bin_name()} generate-lockfiles --resolve=tools` writes its lock.
        """
    )


class RequirementsField(StringSequenceField):
    alias = "requirements"
    required = True
    help = help_text(
        """
        Requirements as PEP 508 writes them, for example `["requests>=2", "pip"]`. They are found in
        the index: a requirement with a URL cannot be locked.
        """
    )


class RequirementsConstraintsField(OptionalSingleSourceField):
    alias = "constraints"
    help = help_text(
        """
        A file of pins for whatever is required, one `name==version` a line.
        """
    )


class RequirementsExcludeNewerField(StringField):
    alias = "exclude_newer"
    required = True
    help = help_text(
        """
        A date, for example `"2022-07-12"`. The index is seen as it was then, so a lock made anew
        is the same.
        """
    )


class RequirementsPythonVersionField(PythonVersionField):
    default = DEFAULT.python
    help = "The Python version of the image, without the patch version."


class RequirementsSuiteField(StringField):
    alias = "suite"
    default = DEFAULT.suite
    help = help_text(
        """
        The release of Debian of the image, for example `"bookworm"`. Its C library decides which
        wheels run there.
        """
    )


class RequirementsArchitectureField(StringField):
    alias = "architecture"
    default = DEFAULT.architecture
    help = 'The architecture of the image, as Debian calls it, for example `"arm64"`.'


class WheelRequirementsTarget(Target):
    alias = "wheel_requirements"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        RequirementsResolveField,
        RequirementsField,
        RequirementsConstraintsField,
        RequirementsExcludeNewerField,
        RequirementsPythonVersionField,
        RequirementsSuiteField,
        RequirementsArchitectureField,
    )
    help = help_text(
        """
        Python requirements that are locked together, for `wheel_layer` targets.
        """
    )
