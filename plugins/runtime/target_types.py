"""Target types for releases of Astro Runtime."""

from __future__ import annotations

import os

from oci.target_types import COMMON_IMAGE_FIELDS, ImageLayersField
from pants.engine.addresses import UnparsedAddressInputs
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    BoolField,
    Dependencies,
    DictStringToStringField,
    OptionalSingleSourceField,
    SpecialCasedDependencies,
    Target,
)
from pants.util.docutil import bin_name
from pants.util.strutil import help_text


class ManifestField(OptionalSingleSourceField):
    default = "release.yaml"
    expected_num_files = 1
    expected_file_extensions = (".yaml",)
    help = help_text(
        """
        The manifest: release date, versions of Airflow, Debian and Python, pins of providers and
        packages. `versions/README.md` describes its fields.
        """
    )


class ReleaseDependenciesField(Dependencies):
    pass


class RuntimeReleaseTarget(Target):
    alias = "runtime_release"
    core_fields = (*COMMON_TARGET_FIELDS, ManifestField, ReleaseDependenciesField)
    help = help_text(
        f"""
        A release of Astro Runtime, as its manifest pins it.

        It is the input of the lock of the same name: `{bin_name()} generate-lockfiles
        --resolve=X.Y.Z` resolves everything that the manifest leaves open.
        """
    )


class ImageReleaseField(SpecialCasedDependencies):
    alias = "release"
    default = (":release",)
    help = help_text(
        """
        The `runtime_release` that this is an image of. Defaults to the target `release` of the
        same directory.
        """
    )


class RuntimeImageLayersField(ImageLayersField):
    help = help_text(
        """
        The layers of the image, from the bottom to the top. `{release}` stands for the release,
        which is the name of the target's directory: `"layers/airflow@resolve={release}"` is the
        layer that is built from the lock of that release.

        Engines store a layer once for each stack of layers below it: put what changes least, and
        what most images share, at the bottom.
        """
    )

    def to_unparsed_address_inputs(self) -> UnparsedAddressInputs:
        # Not `compute_value`, which is also asked for defaults, before there is a release.
        release = os.path.basename(self.address.spec_path)
        return UnparsedAddressInputs(
            [spec.replace("{release}", release) for spec in self.value or ()],
            owning_address=self.address,
            description_of_origin=f"the `{self.alias}` field from the target {self.address}",
        )


class OnbuildField(BoolField):
    alias = "onbuild"
    default = False
    help = help_text(
        """
        Whether the image has ONBUILD steps that scaffold a project: an image built on it installs
        the Debian packages of `packages.txt` and the Python packages of `requirements.txt`, and
        takes in the project's files.
        """
    )


class RuntimeImageTarget(Target):
    alias = "runtime_image"
    core_fields = (
        *(field for field in COMMON_IMAGE_FIELDS if field is not ImageLayersField),
        RuntimeImageLayersField,
        ImageReleaseField,
        OnbuildField,
    )
    help = help_text(
        f"""
        An image of a release: `X.Y.Z` with ONBUILD steps, `X.Y.Z-base` without.

        `{bin_name()} package` writes it as an OCI image layout below `dist/images`;
        `{bin_name()} run` starts it on the engine of this machine; `{bin_name()} publish` pushes
        it to registries.
        """
    )


class LocalImageField(SpecialCasedDependencies):
    alias = "image"
    default = (":runtime",)
    help = help_text(
        """
        The image that runs. Defaults to the target `runtime` of the same directory.
        """
    )


class LocalDatabaseField(SpecialCasedDependencies):
    alias = "database"
    required = True
    help = help_text(
        """
        The image of the Postgres beside it, for example `["tests/images:postgres"]`. Its superuser
        is `postgres`, with the password in `POSTGRES_PASSWORD`.
        """
    )


class LocalLiveField(DictStringToStringField):
    alias = "live"
    help = help_text(
        """
        Files and folders of the repository that Airflow's containers see in place of what their
        image holds, read-only, for example `{"layers/astro/files/entrypoint": "/entrypoint"}`.

        An edit of one of them starts Airflow again.
        """
    )


class LocalRuntimeTarget(Target):
    alias = "local_runtime"
    core_fields = (*COMMON_TARGET_FIELDS, LocalImageField, LocalDatabaseField, LocalLiveField)
    help = help_text(
        f"""
        A release that runs on this machine with its database.

        `{bin_name()} run` starts it, prints the address and a password made for this run, and ends
        when all of it is healthy. After `--` it takes `--port PORT` and `--dags FOLDER`, or `stop`,
        `status`, `logs` or `logs --follow` for what it started before.
        """
    )
