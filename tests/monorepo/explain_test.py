"""What changed since an image, in a copy of the repository."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest

from tests.monorepo.checkout import Checkout, machine_caches

IMAGE = "tests/images:redis"
EARLIER = "earlier/images/redis"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy that keeps what an earlier build left of the image."""
    folder = tmp_path_factory.mktemp("monorepo")
    copy = Checkout(Path.cwd(), folder / "repository", folder / "caches", machine_caches())
    try:
        package = copy.pants("package", IMAGE)
        assert package.exit_code == 0, package.output
        shutil.copytree(copy.root / "dist", copy.root / "earlier")
        yield copy
    finally:
        copy.stop_daemon()


def changes(checkout: Checkout, *options: str) -> Dict[str, Any]:
    """What `explain --since` says of the earlier build, as JSON."""
    file = "dist/explain.json"
    run = checkout.pants(
        *options,
        "explain",
        f"--since={EARLIER}",
        "--output-format=json",
        f"--output-file={file}",
        IMAGE,
    )
    assert run.exit_code == 0, run.output
    found: Dict[str, Any] = json.loads((checkout.root / file).read_text())
    return found


def test_nothing_is_pulled_for_the_same_image(checkout: Checkout) -> None:
    change = changes(checkout)

    assert change["before"]["digest"] == change["after"]["digest"]
    assert (change["pull"], change["sameContents"]) == (0, True)


def test_another_codec_pulls_all_and_changes_no_content(checkout: Checkout) -> None:
    change = changes(checkout, "--oci-compression=zstd")

    assert {layer["change"] for layer in change["layers"]} == {"recompressed"}
    assert change["pull"] == sum(layer["after"]["size"] for layer in change["layers"])
    assert change["sameContents"]


@pytest.mark.parametrize(
    "since, message",
    [
        ("layers/os:os", "the option `--explain-since` names layers/os:os, which is a"),
        ("layers/nothing", "The file or directory 'layers/nothing' does not exist"),
    ],
)
def test_what_is_no_image_is_named(checkout: Checkout, since: str, message: str) -> None:
    run = checkout.pants("explain", f"--since={since}", IMAGE)

    assert run.exit_code != 0
    assert message in run.output
    assert "Traceback" not in run.output
