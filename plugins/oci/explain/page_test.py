"""The page in a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from oci.explain.page import catalogue_page
from oci.explain.samples import sample_image, sample_layer

OS = sample_layer("layers/os:os", {"deb/debian/bash": "5.1"}, size=30_000_000)
FILES = sample_layer("layers/astro:files", files={"entrypoint": "run"}, size=1_000)
DEPENDENCIES = {f"pypi/package-{number}": "1.0" for number in range(60)}


def app(version: str, size: int) -> Any:
    packages = {**DEPENDENCIES, "pypi/flask": version, "pypi/</script><b>": version}
    return sample_layer(f"layers/app@resolve={version}", packages, size=size)


ONE, TWO = app("1.0", 5_000_000), app("2.0", 6_000_000)
IMAGES = [
    sample_image("1.10", OS, TWO, FILES),
    sample_image("1.9", OS, ONE, FILES),
    sample_image("1.9-base", OS, ONE, FILES),
]

# Appended to the page: does what a visitor does, and leaves what there is to see as JSON.
VISIT = """
<script>
const all = (selector) => [...document.querySelectorAll(selector)];
const text = (selector) => all(selector).map((each) => each.textContent);
const see = () => ({
  rows: text("#matrix tbody th"),
  columns: text("#matrix thead th"),
  continued: document.querySelectorAll("#matrix .cell.up").length,
  pulls: text("#matrix tbody td:last-child"),
  detail: text("#detail")[0],
  pull: text("#pull")[0],
  changes: text("#changes tbody th"),
  tiles: document.querySelectorAll("#treemap .tile").length,
  overflow: document.documentElement.scrollWidth - innerWidth,
  outside: all("#treemap .tile").filter((tile) => {
    const [box, map] = [tile, document.getElementById("treemap")].map((each) =>
      each.getBoundingClientRect());
    return box.right > map.right + 1 || box.bottom > map.bottom + 1 || box.left < map.left - 1;
  }).length,
  ground: getComputedStyle(document.body).backgroundColor,
  loaded: performance.getEntriesByType("resource").length,
});
const before = see();
const search = document.getElementById("filter");
search.value = "FLA";
search.dispatchEvent(new Event("input"));
const found = see();
search.value = "";
document.getElementById("swap").click();
const swapped = see();
document.querySelector("#matrix tbody tr").click();
const chosen = see();
const seen = { errors, before, found, swapped, chosen };
document.documentElement.replaceChildren(JSON.stringify(seen));
</script>
"""
# Before all else: hears of errors.
WATCH = """
<head><script>
const errors = [];
addEventListener("error", (event) => errors.push(event.message));
</script>
"""


def visit(folder: Path, *options: str) -> dict[str, Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        sentence = "There is no `chromium`: install Debian's package chromium."
        if os.environ.get("ASTRO_RUNTIME_REQUIRE_ENGINE") == "1":
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
    page = catalogue_page(IMAGES).decode().replace("<head>", WATCH)
    file = folder / "page.html"
    file.write_text(page.replace("</body>", f"{VISIT}</body>"))
    argv = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", *options]
    run = subprocess.run(
        [*argv, f"--user-data-dir={folder / 'profile'}", file.as_uri()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "HOME": str(folder)},
        timeout=120,
        check=True,
    )
    match = re.search(r"\{.*\}", run.stdout.decode())
    assert match, run.stdout
    seen: dict[str, Any] = json.loads(
        match[0].replace("&nbsp;", " ").replace("&gt;", ">").replace("&lt;", "<")
    )
    assert seen["errors"] == []
    return seen


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return visit(tmp_path_factory.mktemp("desktop"), "--window-size=1280,900")


def test_images_of_the_same_layers_stand_in_one_row(seen: dict[str, Any]) -> None:
    assert seen["before"]["rows"] == ["1.91.9-base", "1.10"]


def test_a_layer_is_called_as_its_target(seen: dict[str, Any]) -> None:
    assert {"os", "app"} <= set(seen["before"]["columns"])


def test_a_shared_layer_runs_on_and_is_pulled_once(seen: dict[str, Any]) -> None:
    assert seen["before"]["continued"] == 2
    assert seen["before"]["pulls"] == ["35.0 MB", "6.0 MB"]


def test_every_package_has_its_place_in_the_map(seen: dict[str, Any]) -> None:
    assert seen["before"]["tiles"] == 64
    assert seen["before"]["outside"] == 0


def test_the_newest_two_rows_are_compared_first(seen: dict[str, Any]) -> None:
    assert seen["before"]["pull"].startswith("6.0 MB to pull of 36.0 MB; 2 packages differ")
    assert sorted(seen["before"]["changes"]) == ["flask", "script><b>"]


def test_a_package_is_found_by_a_part_of_its_name(seen: dict[str, Any]) -> None:
    assert seen["found"]["changes"] == ["flask"]


def test_the_comparison_can_be_turned_round(seen: dict[str, Any]) -> None:
    assert seen["swapped"]["pull"].startswith("5.0 MB to pull")


def test_a_row_shows_what_is_inside(seen: dict[str, Any]) -> None:
    assert seen["chosen"]["detail"].startswith("demo:1.9 ")


def test_nothing_is_loaded_from_anywhere(seen: dict[str, Any]) -> None:
    assert seen["before"]["loaded"] == 0
    assert b"//" not in re.sub(rb"\"[^\"]*\"", b"", catalogue_page(IMAGES).partition(b"<script")[0])


def test_it_is_dark_where_the_visitor_wants_it_dark(seen: dict[str, Any], tmp_path: Path) -> None:
    dark = visit(tmp_path, "--window-size=1280,900", "--blink-settings=preferredColorScheme=0")
    assert seen["before"]["ground"] == "rgb(251, 250, 248)"
    assert dark["before"]["ground"] == "rgb(22, 21, 28)"


def test_it_fits_the_width_of_a_phone(tmp_path: Path) -> None:
    phone = visit(tmp_path, "--window-size=400,800")["before"]
    assert phone["overflow"] <= 0
    assert phone["outside"] == 0
