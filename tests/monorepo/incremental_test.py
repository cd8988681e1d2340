"""What CI looks at for each kind of edit: all that it touches, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Dict, Iterator, Set

import pytest

from tests.monorepo.checkout import Checkout
from versions.macros import TESTED_RELEASE

LAYERS = "+debian_layer,files_layer,project_layer,wheel_layer"
IMAGES = "+oci_image,runtime_image"
TESTS = "+python_tests"

OWN_LAYERS = {f"tests/images:{name}" for name in ("postgres-packages", "redis-packages")}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A clone with one commit; it is only asked, so it shares the caches of this machine."""
    folder = tmp_path_factory.mktemp("incremental")
    copy = Checkout(Path.cwd(), folder / "clone", folder / "caches", {})
    git(copy, "init", "--quiet", "--initial-branch=main")
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message=Start")
    yield copy
    copy.stop_daemon()


@pytest.fixture(autouse=True)
def clean(checkout: Checkout) -> Iterator[None]:
    yield
    git(checkout, "checkout", "--quiet", "--force", "main")
    git(checkout, "clean", "--quiet", "--force", "-d")


def git(checkout: Checkout, *args: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@localhost"]
    done = subprocess.run(
        ["git", *who, *args], cwd=checkout.root, capture_output=True, text=True, check=True
    )
    return done.stdout


def selection(checkout: Checkout, revision: str = "main") -> str:
    done = subprocess.run(
        [".ci/targets", revision], cwd=checkout.root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def selected(checkout: Checkout, kinds: str) -> Set[str]:
    """Addresses of targets of some kinds that CI would look at for what is edited now."""
    run = checkout.pants(*selection(checkout).split(), f"--filter-target-type={kinds}", "list")
    assert run.exit_code == 0, run.output
    return {line for line in run.output.splitlines() if ":" in line and " " not in line}


def everything(checkout: Checkout, kinds: str) -> Set[str]:
    run = checkout.pants(f"--filter-target-type={kinds}", "list", "::")
    assert run.exit_code == 0, run.output
    return {line for line in run.output.splitlines() if ":" in line and " " not in line}


def releases(checkout: Checkout) -> Dict[str, Set[str]]:
    """The images of each release."""
    folders = sorted(path.parent.name for path in checkout.root.glob("versions/*/release.yaml"))
    return {name: {f"versions/{name}:base", f"versions/{name}:runtime"} for name in folders}


def test_an_astro_file_marks_its_layer_and_every_image_of_a_release(checkout: Checkout) -> None:
    checkout.edit("layers/astro/astronomer/runtime/cli.py", None, "\n# changed\n")

    assert selected(checkout, LAYERS) == {"layers/astro:airflow-3", "layers/astro:astro"}
    assert selected(checkout, IMAGES) == set().union(*releases(checkout).values())
    tests = selected(checkout, TESTS)
    assert any(each.startswith("layers/astro/astronomer/runtime") for each in tests)
    assert "tests:tests" in tests
    assert not any(each.startswith("plugins/") for each in tests)


def test_a_manifest_marks_the_images_of_its_release_alone(checkout: Checkout) -> None:
    checkout.edit(f"versions/{TESTED_RELEASE}/release.yaml", None, "\n# changed\n")

    assert selected(checkout, LAYERS) == set()
    assert selected(checkout, IMAGES) == releases(checkout)[TESTED_RELEASE]


def test_a_patch_marks_the_images_of_the_releases_that_carry_it(checkout: Checkout) -> None:
    checkout.edit("layers/airflow/backports/24906.patch", None, "\n")
    carriers = {
        name
        for name in releases(checkout)
        if "24906" in (checkout.root / f"versions/{name}/release.yaml").read_text()
    }

    assert TESTED_RELEASE in carriers
    assert selected(checkout, LAYERS) == set()
    assert selected(checkout, IMAGES) == set().union(
        *(releases(checkout)[name] for name in carriers)
    )


def test_the_lock_of_a_release_marks_its_wheel_layers_and_its_images(checkout: Checkout) -> None:
    checkout.edit(f"3rdparty/python/{TESTED_RELEASE}.lock", None, "\n")

    wheel_layers = everything(checkout, "+wheel_layer")
    assert selected(checkout, LAYERS) == {
        each for each in wheel_layers if f"={TESTED_RELEASE}" in each
    }
    assert selected(checkout, IMAGES) == releases(checkout)[TESTED_RELEASE]


def test_the_lock_of_debian_marks_its_layers_and_every_image(checkout: Checkout) -> None:
    checkout.edit("3rdparty/debian/bullseye.lock", None, "\n")

    assert selected(checkout, LAYERS) == {"layers/os:os", "layers/python:python", *OWN_LAYERS}
    on_debian_12 = releases(checkout)["3.3-1"]
    assert selected(checkout, IMAGES) == everything(checkout, IMAGES) - on_debian_12


def test_the_lock_of_the_toolchain_marks_every_layer(checkout: Checkout) -> None:
    checkout.edit("3rdparty/debian/bullseye-build.lock", None, "\n")

    assert selected(checkout, LAYERS) == everything(checkout, LAYERS)


def test_a_file_of_documentation_marks_the_tests_of_pages_alone(checkout: Checkout) -> None:
    (checkout.root / "README.md").write_text("changed\n")
    (checkout.root / "docs/architecture.md").write_text("changed\n")

    for kinds in (LAYERS, IMAGES):
        assert selected(checkout, kinds) == set()
    tests = selected(checkout, TESTS)
    assert "docs:tests" in tests
    assert all(each.startswith("docs") for each in tests)


@pytest.mark.parametrize(
    "path",
    ["plugins/oci/image.py", "pants.toml", "pants", "3rdparty/tools/pants.lock", "versions/BUILD"],
)
def test_what_builds_marks_everything(checkout: Checkout, path: str) -> None:
    checkout.edit(path, None, "\n")

    assert selection(checkout) == "::"


def test_a_new_plugin_file_marks_everything_before_it_is_committed(checkout: Checkout) -> None:
    (checkout.root / "plugins/oci/new.py").write_text("")

    assert selection(checkout) == "::"


def test_only_what_the_branch_changed_counts(checkout: Checkout) -> None:
    git(checkout, "checkout", "--quiet", "-b", "branch")
    checkout.edit("layers/os/BUILD", None, "\n")
    git(checkout, "commit", "--quiet", "--all", "--message=Edit a layer")
    git(checkout, "checkout", "--quiet", "main")
    checkout.edit("plugins/oci/image.py", None, "\n")
    git(checkout, "commit", "--quiet", "--all", "--message=Edit a plugin")
    git(checkout, "checkout", "--quiet", "branch")

    assert "--changed-since" in selection(checkout, "main")

    git(checkout, "checkout", "--quiet", "main")
    git(checkout, "reset", "--quiet", "--hard", "HEAD^")


def test_an_unknown_revision_is_one_sentence(checkout: Checkout) -> None:
    done = subprocess.run(
        [".ci/targets", "nowhere"], cwd=checkout.root, capture_output=True, text=True
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(".ci/targets: 'nowhere' is not a revision")


@pytest.mark.parametrize("edited", ["docs/architecture.md", "tests/images/start-redis"])
def test_a_change_that_no_product_depends_on_packages_nothing(
    checkout: Checkout, edited: str
) -> None:
    with (checkout.root / edited).open("a") as file:
        file.write("\n# changed\n")

    run = checkout.pants(*selection(checkout).split(), "package")

    assert run.exit_code == 0, run.output
    assert not (checkout.root / "dist").exists()
