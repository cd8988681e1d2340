"""What the targets of every kind of image say of the container, read in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from oci.image import ImageConfig, ImageFieldSet
from oci.target_types import (
    ImageCmdField,
    ImageEntrypointField,
    ImageEnvField,
    ImageHealthcheckField,
    ImageLabelsField,
    ImageLayersField,
    ImagePortsField,
    ImageRepositoryField,
    ImageStopSignalField,
    ImageUserField,
    ImageWorkdirField,
)
from pants.core.util_rules.environments import EnvironmentField
from pants.util.frozendict import FrozenDict


@dataclass(frozen=True)
class ConfiguredImageFieldSet(ImageFieldSet):
    """The fields of `oci.target_types.COMMON_IMAGE_FIELDS`."""

    layers: ImageLayersField
    repository: ImageRepositoryField
    entrypoint: ImageEntrypointField
    cmd: ImageCmdField
    env: ImageEnvField
    user: ImageUserField
    workdir: ImageWorkdirField
    ports: ImagePortsField
    labels: ImageLabelsField
    stop_signal: ImageStopSignalField
    healthcheck: ImageHealthcheckField
    environment: EnvironmentField

    @property
    def repository_name(self) -> str:
        return self.repository.value or self.address.target_name

    def config(
        self,
        env: Mapping[str, str] = FrozenDict(),
        labels: Mapping[str, str] = FrozenDict(),
        shell: tuple[str, ...] = (),
        onbuild: tuple[str, ...] = (),
    ) -> ImageConfig:
        """The image's configuration.

        Args:
            env: Variables that a target's own `env` may replace.
            labels: Labels that a target's own `labels` may replace.
            shell: As in `ImageConfig`.
            onbuild: As in `ImageConfig`.
        """
        return ImageConfig(
            entrypoint=self.entrypoint.value or (),
            cmd=self.cmd.value or (),
            env=FrozenDict({**env, **(self.env.value or {})}),
            user=self.user.value or "",
            workdir=self.workdir.value or "",
            exposed_ports=self.ports.value or (),
            labels=FrozenDict({**labels, **(self.labels.value or {})}),
            stop_signal=self.stop_signal.value or "",
            healthcheck=self.healthcheck.value or (),
            shell=shell,
            onbuild=onbuild,
        )
