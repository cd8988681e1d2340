"""`sign` and `verify-image`: signatures of images, made and checked with a key pair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from oci.goals.one_sentence import told_in_one_sentence
from oci.image import ImageSpec
from oci.signing.openssl import SigningError, holds, sign
from oci.signing.simple_signing import payload, read_signature, signature_layout, signature_tag
from oci.target_types import ImageLayersField
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.kinds import ImageRequest
from pants.base.build_root import BuildRoot
from pants.base.specs import Specs
from pants.core.util_rules.distdir import DistDir
from pants.core.util_rules.environments import ChosenLocalEnvironmentName
from pants.engine.console import Console
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, FileContent, Workspace
from pants.engine.goal import Goal, GoalSubsystem
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, goal_rule, rule
from pants.engine.target import FilteredTargets
from pants.engine.unions import UnionRule
from pants.option.option_types import StrOption
from pants.util.docutil import bin_name
from pants.util.strutil import softwrap

_FOLDER = "signatures"


@dataclass(frozen=True)
class Signable:
    """What of an image is signed."""

    repository: str
    digest: str

    folder: str
    """Of the signature, below `dist`."""


class SignSubsystem(GoalSubsystem):
    name = "sign"
    help = "Sign images with a private key, as cosign does."

    key = StrOption(
        default=None,
        help=softwrap(
            """
            Path of the private key: ECDSA on the curve P-256, in PEM, without passphrase. Keep it
            outside of the repository; only `openssl` reads it.
            """
        ),
    )


class Sign(Goal):
    subsystem_cls = SignSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


class VerifyImageSubsystem(GoalSubsystem):
    name = "verify-image"
    help = softwrap(
        """
        Check that the signatures in `dist/signatures` are those of the images that this commit
        builds, and of a public key.
        """
    )

    key = StrOption(default=None, help="Path of the public key, in PEM.")


class VerifyImage(Goal):
    subsystem_cls = VerifyImageSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


@dataclass(frozen=True)
class SignableRequest:
    """Asks for what is signed of the image of a target."""

    request: ImageRequest


@dataclass(frozen=True)
class Signables:
    """The images among the targets of the command line."""

    images: tuple[Signable, ...]


@rule
async def find_signable(request: SignableRequest, environment: EnvironmentName) -> Signable:
    spec = await Get(ImageSpec, {request.request: ImageRequest, environment: EnvironmentName})
    image = await Get(BuiltImage, {spec: ImageSpec, environment: EnvironmentName})
    return Signable(spec.repository, image.manifest.digest, f"{_FOLDER}/{spec.name}")


@rule
async def find_signables(
    targets: FilteredTargets, environment: ChosenLocalEnvironmentName
) -> Signables:
    images = await MultiGet(
        Get(
            Signable,
            {
                SignableRequest(ImageRequest(target.address)): SignableRequest,
                environment.val: EnvironmentName,
            },
        )
        for target in targets
        if target.has_field(ImageLayersField)
    )
    return Signables(images)


def _key(option: str | None, goal: str, images: Signables, root: BuildRoot) -> Path:
    if not images.images:
        raise SigningError(
            f"No image is among the targets. Name some: `{bin_name()} {goal} versions::`."
        )
    if not option:
        raise SigningError(f"--{goal}-key is not set. Name the file of the key.")
    return Path(root.path, option)


@goal_rule
@told_in_one_sentence
async def sign_images(
    specs: Specs,
    options: SignSubsystem,
    console: Console,
    workspace: Workspace,
    dist_dir: DistDir,
    root: BuildRoot,
) -> Sign:
    images = await Get(Signables, Specs, specs)
    key = _key(options.key, "sign", images, root)
    files = []
    for image in images.images:
        signed = payload(image.repository, image.digest)
        layout = signature_layout(image.digest, signed, sign(key, signed.content))
        files += [FileContent(f"{image.folder}/{path}", text) for path, text in layout.items()]
    workspace.write_digest(
        await Get(Digest, CreateDigest(files)),
        path_prefix=str(dist_dir.relpath),
        clear_paths=[image.folder for image in images.images],
    )
    for image in images.images:
        path = dist_dir.relpath / image.folder
        console.print_stdout(f"Signed {image.digest}: {path}:{signature_tag(image.digest)}")
    return Sign(exit_code=0)


@goal_rule
@told_in_one_sentence
async def verify_images(
    specs: Specs,
    options: VerifyImageSubsystem,
    console: Console,
    dist_dir: DistDir,
    root: BuildRoot,
) -> VerifyImage:
    images = await Get(Signables, Specs, specs)
    key = _key(options.key, "verify-image", images, root)
    bad = 0
    for image in images.images:
        folder = Path(root.path, dist_dir.relpath, image.folder)
        found = read_signature(folder)
        if found.payload != payload(image.repository, image.digest).content:
            problem = "it is of another image"
        elif not holds(key, found.payload, found.signature):
            problem = "it is not by this key, or was changed"
        else:
            console.print_stdout(f"{folder.name}: {image.digest} is signed by {key}")
            continue
        bad += 1
        console.print_stderr(f"{folder.name}: the signature of {image.digest} is bad, {problem}.")
    return VerifyImage(exit_code=1 if bad else 0)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
