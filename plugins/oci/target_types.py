"""Target types for images and for layers of plain files."""

from __future__ import annotations

from oci.format.references import DEFAULT_TAG
from oci.registries import ALL_DEFAULT_REGISTRIES
from pants.core.util_rules.environments import EnvironmentField
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    BoolField,
    DictStringToStringField,
    MultipleSourcesField,
    SpecialCasedDependencies,
    StringField,
    StringSequenceField,
    Target,
)
from pants.util.docutil import bin_name
from pants.util.strutil import help_text


class LayerEnvField(DictStringToStringField):
    alias = "env"
    help = help_text(
        """
        Environment variables that every image with this layer gets, for example
        `{"LANG": "C.UTF-8"}`.

        They are part of the image's configuration, not of the layer: an edit rebuilds no layer.
        Where two layers set the same variable, the upper one wins.
        """
    )


COMMON_LAYER_FIELDS = (*COMMON_TARGET_FIELDS, EnvironmentField, LayerEnvField)


class LayerSourcesField(MultipleSourcesField):
    required = False
    default = ()
    expected_num_files = range(0, 10_000)
    help = help_text(
        """
        The files that `files` refers to, for example `["files/*"]`.
        """
    )


class LayerFilesField(DictStringToStringField):
    alias = "files"
    help = help_text(
        """
        Where each source goes: a path in the image, and the source below this directory, for
        example `{"/etc/pip.conf": "files/pip.conf"}`.

        A source that is executable in the repository has mode 0755 in the image, others 0644. All
        belong to root.
        """
    )


class LayerSymlinksField(DictStringToStringField):
    alias = "symlinks"
    help = help_text(
        """
        Symbolic links: a path in the image, and what it points to, for example
        `{"/entrypoint": "/usr/local/bin/entrypoint"}`.
        """
    )


class LayerDirectoriesField(DictStringToStringField):
    alias = "directories"
    help = help_text(
        """
        Directories with owner and mode: a path in the image, and `UID:GID MODE` in numbers, for
        example `{"/srv/data": "50000:0 0775"}`.

        Parents that are not named here belong to root and have mode 0755.
        """
    )


class FilesLayerTarget(Target):
    alias = "files_layer"
    core_fields = (
        *COMMON_LAYER_FIELDS,
        LayerSourcesField,
        LayerFilesField,
        LayerSymlinksField,
        LayerDirectoriesField,
    )
    help = help_text(
        """
        A layer of files, links and directories, as they stand in the repository.
        """
    )


class ImageLayersField(SpecialCasedDependencies):
    alias = "layers"
    required = True
    help = help_text(
        """
        The layers of the image, from the bottom to the top, for example
        `["layers/os", "layers/python"]`.

        Engines store a layer once for each stack of layers below it: put what changes least, and
        what most images share, at the bottom.
        """
    )


class ImageRepositoryField(StringField):
    alias = "repository"
    help = help_text(
        """
        The repository part of the image's reference, for example `astro-runtime`.

        Defaults to the name of the target.
        """
    )


class ImageRegistriesField(StringSequenceField):
    alias = "registries"
    default = (ALL_DEFAULT_REGISTRIES,)
    help = help_text(
        f"""
        The registries that `{bin_name()} publish` pushes the image to: names of entries of
        `[oci].registries`, such as `@production`, or addresses, such as `registry.example.com`.

        `{ALL_DEFAULT_REGISTRIES}` stands for the entries with `default = true`.
        """
    )


class ImageSkipPushField(BoolField):
    alias = "skip_push"
    default = False
    help = f"Whether `{bin_name()} publish` leaves the image out."


class ImageTagField(StringField):
    alias = "tag"
    default = DEFAULT_TAG
    help = help_text(
        """
        The tag part of the image's reference.

        An image `team/tool` is packaged as `dist/images/team/tool`, and with the tag `1.0` as
        `dist/images/team/tool+1.0`. Where targets share both parts of the reference, each is
        packaged below the name of its target, too: `dist/images/team/tool+1.0+team.tool`.
        """
    )


class ImageEntrypointField(StringSequenceField):
    alias = "entrypoint"
    help = 'The program that a container starts, for example `["tini", "--", "/entrypoint"]`.'


class ImageCmdField(StringSequenceField):
    alias = "cmd"
    help = "Arguments of the entrypoint where the user gives none."


class ImageEnvField(DictStringToStringField):
    alias = "env"
    help = "Environment variables of the image, on top of what its layers set."


class ImageUserField(StringField):
    alias = "user"
    help = "The user, by name or `UID:GID`, that a container runs as. Defaults to root."


class ImageWorkdirField(StringField):
    alias = "workdir"
    help = "The directory that a container starts in."


class ImagePortsField(StringSequenceField):
    alias = "exposed_ports"
    help = 'Ports that the image listens on, for example `["8080/tcp"]`.'


class ImageLabelsField(DictStringToStringField):
    alias = "labels"
    help = "Labels of the image."


class ImageStopSignalField(StringField):
    alias = "stop_signal"
    help = "The signal that stops a container, for example `SIGINT`. Defaults to `SIGTERM`."


class ImageHealthcheckField(StringSequenceField):
    alias = "healthcheck"
    help = help_text(
        """
        A command that exits with 0 while the container is healthy and with 1 otherwise, for example
        `["astronomer-runtime", "health"]`.

        An extension of Docker's, which other engines ignore. Kubernetes has probes of its own.
        """
    )


class ImageCreatedField(StringField):
    alias = "created"
    default = "1980-01-01"
    help = help_text(
        """
        The date that the image says it was created on, for example `2022-07-11`.

        A date of the source, not the time of the build: equal sources give equal images.
        """
    )


IMAGE_CONFIG_FIELDS = (
    ImageEntrypointField,
    ImageCmdField,
    ImageEnvField,
    ImageUserField,
    ImageWorkdirField,
    ImagePortsField,
    ImageLabelsField,
    ImageStopSignalField,
    ImageHealthcheckField,
)
"""What a container is started with. Each is a field of `ImageConfig` by its alias."""

COMMON_IMAGE_FIELDS = (
    *COMMON_TARGET_FIELDS,
    EnvironmentField,
    ImageLayersField,
    ImageRepositoryField,
    ImageRegistriesField,
    ImageSkipPushField,
    *IMAGE_CONFIG_FIELDS,
)
"""What every kind of image has; `oci.image_fields.ConfiguredImageFieldSet` reads it."""


class OciImageTarget(Target):
    alias = "oci_image"
    core_fields = (*COMMON_IMAGE_FIELDS, ImageTagField, ImageCreatedField)
    help = help_text(
        f"""
        An OCI image: an ordered list of layers and a configuration.

        `{bin_name()} package` writes it as an OCI image layout below `dist/images`;
        `{bin_name()} run` starts it on the engine of this machine; `{bin_name()} publish` pushes
        it to registries.
        """
    )
