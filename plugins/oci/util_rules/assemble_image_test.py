from __future__ import annotations

import json
from dataclasses import replace

import pytest
from oci.format.image import ImageConfig, image_index
from oci.format.layer_descriptor import LayerDescriptor
from oci.format.platform import Platform
from oci.image import ImageSpec
from oci.layer import BuiltLayer
from oci.util_rules.assemble_image import PlatformError, assemble
from pants.engine.addresses import Address
from pants.engine.fs import FileDigest
from pants.engine.platform import Platform as Machine
from pants.engine.process import ProcessExecutionEnvironment, ProcessResultMetadata
from pants.util.frozendict import FrozenDict

SPEC = ImageSpec(
    Address("versions", target_name="image"),
    repository="demo",
    tag="1.0",
    layers=(Address("a"), Address("b")),
    config=ImageConfig(env=(("LANG", "C"),), user="astro", onbuild=("USER root",)),
    created="2022-07-11T00:00:00Z",
    name="1.0",
)


def layer(name: str, platform: Platform = Platform(), **env: str) -> BuiltLayer:
    file_digest = FileDigest("ab" * 32, 10)
    return BuiltLayer(
        Address(name),
        LayerDescriptor(
            target=name,
            media_type="application/vnd.oci.image.layer.v1.tar+gzip",
            digest=f"sha256:{name}",
            size=10,
            diff_id=f"sha256:diff-{name}",
            uncompressed_size=20,
            codec="igzip -2",
            path_count=1,
            packages=(),
        ),
        blob=file_digest,
        paths=file_digest,
        packages=file_digest,
        env=FrozenDict(env),
        base=None,
        platform=platform,
        metadata=ProcessResultMetadata(
            0,
            ProcessExecutionEnvironment(
                environment_name=None,
                platform=Machine.linux_x86_64.value,
                docker_image=None,
                remote_execution=False,
                remote_execution_extra_platform_properties=[],
            ),
            "ran",
            0,
        ),
    )


def test_the_manifest_names_config_and_layers_from_bottom_to_top() -> None:
    image = assemble(SPEC, (layer("a"), layer("b")))
    manifest = json.loads(image.manifest.content)
    config = manifest["config"]
    assert config["digest"] == f"sha256:{image.config.sha256}"
    assert config["size"] == len(image.config.content)
    assert [blob["digest"] for blob in manifest["layers"]] == ["sha256:a", "sha256:b"]


def test_the_config_lists_diff_ids_and_only_what_is_set() -> None:
    config = json.loads(assemble(SPEC, (layer("a"), layer("b"))).config.content)
    assert config["rootfs"]["diff_ids"] == ["sha256:diff-a", "sha256:diff-b"]
    assert config["config"]["User"] == "astro"
    assert config["config"]["OnBuild"] == ["USER root"]
    assert "Entrypoint" not in config["config"]


def test_a_health_check_is_written_as_an_engine_reads_it() -> None:
    checked = replace(SPEC, config=ImageConfig(healthcheck=("curl", "localhost")))
    config = json.loads(assemble(checked, (layer("a"), layer("b"))).config.content)
    healthcheck = config["config"]["Healthcheck"]
    assert healthcheck["Test"] == ["CMD", "curl", "localhost"]
    assert healthcheck["Interval"] == 30_000_000_000


def test_upper_layers_and_then_the_image_win_over_lower_layers() -> None:
    layers = (layer("a", LANG="en", HOME="/a"), layer("b", HOME="/b"))
    config = json.loads(assemble(SPEC, layers).config.content)
    assert {"LANG=C", "HOME=/b"} <= set(config["config"]["Env"])


def test_another_tag_changes_the_index_alone() -> None:
    layers = (layer("a"), layer("b"))
    one, other = assemble(SPEC, layers), assemble(replace(SPEC, tag="2.0"), layers)
    assert one.manifest == other.manifest
    indexes = [image_index(each.manifest, each.spec.tag, each.platform) for each in (one, other)]
    assert indexes[0] != indexes[1]


def test_an_image_runs_on_what_its_layers_are_for() -> None:
    system, packages = Platform("arm64", "bullseye"), Platform("arm64", "bullseye", "3.9")
    image = assemble(SPEC, (layer("a", system), layer("b", packages), layer("files")))

    assert image.platform == packages
    assert json.loads(image.config.content)["architecture"] == "arm64"
    index = image_index(image.manifest, "1.0", image.platform)
    assert json.loads(index.content)["manifests"][0]["platform"]["architecture"] == "arm64"


def test_layers_for_different_platforms_make_no_image() -> None:
    layers = (layer("a", Platform("amd64", "bullseye")), layer("b", Platform("amd64", "bookworm")))

    with pytest.raises(PlatformError) as error:
        assemble(SPEC, layers)
    assert str(error.value) == (
        "versions:image: the layer b:b does not go with those below it: `suite` is bullseye for "
        "one, and bookworm for the other. Take it out, or name one that is for the same."
    )
