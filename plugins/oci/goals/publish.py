"""`publish` for images: push what a registry lacks, and the tag last."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable

from oci.distribution.push_request import PushRequest
from oci.image import ImageFieldSet, ImageSpec
from oci.registries import Registries, Registry, RegistryOptionsError
from oci.subsystem import OciSubsystem
from oci.target_types import ImageLayersField, ImageRegistriesField, ImageSkipPushField
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.attested_image import AttestedImage
from oci.util_rules.kinds import ImageRequest
from oci.util_rules.layer_process import ToolCommand, ToolCommandRequest
from oci.util_rules.toolchain_libraries import ToolchainLibraries
from pants.core.goals.publish import (
    PublishFieldSet,
    PublishOutputData,
    PublishPackages,
    PublishProcesses,
    PublishRequest,
)
from pants.engine.addresses import Address
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.environment import EnvironmentName
from pants.engine.process import InteractiveProcess
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import AllTargets
from pants.engine.unions import UnionMembership, UnionRule

_PUSH = "oci.distribution.push_image"


class PublishImageRequest(PublishRequest):
    """Asks for the processes that push an image."""


@dataclass(frozen=True)
class PublishImageFieldSet(PublishFieldSet):
    publish_request_type = PublishImageRequest
    required_fields = (ImageLayersField, ImageRegistriesField)

    registries: ImageRegistriesField
    skip_push: ImageSkipPushField

    def get_output_data(self) -> PublishOutputData:
        """What `--publish-output` says of the image."""
        return PublishOutputData(
            {
                "publisher": "oci",
                "registries": self.registries.value or (),
                **super().get_output_data(),
            }
        )


def _values(address: Address, repository: str) -> dict[str, str]:
    """What the template of a repository may use."""
    folder = address.spec_path
    return {
        "repository": repository,
        "name": address.target_name,
        "directory": os.path.basename(folder),
        "parent_directory": os.path.basename(os.path.dirname(folder)),
    }


@dataclass(frozen=True)
class PublishedRepositoriesRequest:
    """Asks for the repositories of a registry that images of this build go to."""

    registry: Registry


@dataclass(frozen=True)
class PublishedRepositories:
    """Repositories of one registry: layers can be taken over from one to another."""

    names: tuple[str, ...]


@rule
async def published_repositories(
    request: PublishedRepositoriesRequest,
    targets: AllTargets,
    options: OciSubsystem,
    union_membership: UnionMembership,
) -> PublishedRepositories:
    registries = Registries.from_dict(options.registries)
    names = set()
    for target in targets:
        if not PublishImageFieldSet.is_applicable(target):
            continue
        field_set = PublishImageFieldSet.create(target)
        theirs = registries.get(str(target.address), field_set.registries.value or ())
        if field_set.skip_push.value or request.registry not in theirs:
            continue
        (kind,) = (kind for kind in union_membership[ImageFieldSet] if kind.is_applicable(target))
        values = _values(target.address, kind.create(target).repository_name)
        names.add(request.registry.repository_of(str(target.address), values))
    return PublishedRepositories(tuple(sorted(names)))


def _push_request(
    registry: Registry, spec: ImageSpec, published: PublishedRepositories, force: bool
) -> PushRequest:
    values = _values(spec.address, spec.repository)
    repository = registry.repository_of(str(spec.address), values)
    others = (*published.names, *registry.mount_from)
    return PushRequest(
        address=registry.address,
        plain_http=registry.plain_http,
        repository=repository,
        tag=spec.tag,
        force=force,
        mount_from=tuple(name for name in dict.fromkeys(others) if name != repository),
        chunk=registry.chunk,
        attach=registry.attach,
    )


@rule
async def publish_image(
    request: PublishImageRequest,
    options: OciSubsystem,
    environment: EnvironmentName,
) -> PublishProcesses:
    field_set: PublishImageFieldSet = request.field_set
    image_request = ImageRequest(field_set.address)
    spec = await Get(ImageSpec, {image_request: ImageRequest, environment: EnvironmentName})
    if field_set.skip_push.value:
        reason = f"(by `{field_set.skip_push.alias}` on {field_set.address})"
        return PublishProcesses([PublishPackages(names=(spec.reference,), description=reason)])
    registries = tuple(
        Registries.from_dict(options.registries).get(
            str(field_set.address), field_set.registries.value or ()
        )
    )
    if not registries:
        raise RegistryOptionsError(
            f"{field_set.address}: there is no registry to publish to. Set one in pants.toml, with "
            "`[oci.registries.default]` and `address`, or name one in the target's `registries`."
        )
    image, libraries, env = await MultiGet(
        Get(BuiltImage, {spec: ImageSpec, environment: EnvironmentName}),
        Get(ToolchainLibraries, EnvironmentName, environment),
        Get(
            EnvironmentVars,
            {
                EnvironmentVarsRequest(options.publish_env_vars): EnvironmentVarsRequest,
                environment: EnvironmentName,
            },
        ),
    )
    repositories = await MultiGet(
        Get(PublishedRepositories, PublishedRepositoriesRequest(registry))
        for registry in registries
    )
    attested = await Get(AttestedImage, {image: BuiltImage, environment: EnvironmentName})
    client = ToolCommandRequest(_PUSH, libraries.path_entries)
    command = await Get(ToolCommand, {client: ToolCommandRequest, environment: EnvironmentName})
    processes = []
    for registry, published in zip(registries, repositories):
        push = _push_request(registry, spec, published, options.publish_force)
        processes.append(
            PublishPackages(
                names=(f"{registry.parsed.name}/{push.repository}:{push.tag}",),
                process=InteractiveProcess(
                    argv=(*command.argv, attested.referrers_path, push.to_json()),
                    env={**env, **command.env},
                    input_digest=attested.digest,
                    immutable_input_digests=command.immutable_input_digests,
                ),
            )
        )
    return PublishProcesses(processes)


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), *PublishImageFieldSet.rules()]
