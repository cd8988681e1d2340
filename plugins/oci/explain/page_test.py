"""The page in a real browser."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, Iterator

import pytest
from oci.explain.changes import image_change
from oci.explain.page import catalogue_page
from oci.explain.samples import recompressed, sample_image, sample_layer
from oci.sandbox.sizes import human_size
from oci.sharing import together
from playwright.sync_api import Browser, Page, sync_playwright

DESKTOP, PHONE = (1440, 900), (390, 844)

OS = sample_layer("layers/os:os", {"deb/debian/bash": "5.1"}, size=30_000_000)
BOOKWORM = sample_layer("layers/os:bookworm", {"deb/debian/bash": "5.2"}, size=40_000_000)
FILES = sample_layer("layers/astro:files", files={"entrypoint": "run"}, size=1_000)
LIBRARIES = [
    sample_layer(f"layers/libraries:library-{number}", {f"pypi/library-{number}": "1.0"})
    for number in range(14)
]
DEPENDENCIES = {f"pypi/package-{number}": "1.0" for number in range(60)}


def app(version: str, size: int, **packages: str) -> Any:
    named = {f"pypi/{name}": each for name, each in packages.items()}
    return sample_layer(
        f"layers/app@resolve={version}",
        {**DEPENDENCIES, "pypi/flask": version, "pypi/</script><b>": version, **named},
        size=size,
        carried={"pypi/flask": ("pkg:pypi/urllib3@1.26.1",)},
    )


ONE, TWO = app("1.0", 5_000_000, urllib3="1.26.9"), app("2.0", 6_000_000, urllib3="1.26.11")
IMAGES = [
    sample_image("0.1", BOOKWORM, *LIBRARIES, ONE, FILES, experimental=True),
    sample_image("1.10", OS, *LIBRARIES, TWO, FILES),
    sample_image("1.9", OS, *LIBRARIES, ONE, FILES),
    sample_image("1.9-base", OS, *LIBRARIES, ONE, FILES),
    sample_image("1.11", recompressed(OS, 20_000_000), *LIBRARIES[1:], TWO, FILES),
]
COUNTED = IMAGES[1:]


def moved(layer: Any, target: str) -> Any:
    """The same blob, of another target."""
    return replace(layer, descriptor=replace(layer.descriptor, target=target))


MOVES = [
    sample_image("2.0", OS, LIBRARIES[0], ONE),
    sample_image("2.1", OS, moved(LIBRARIES[0], "layers/moved"), LIBRARIES[1], TWO),
    sample_image("2.2", OS, moved(recompressed(LIBRARIES[0], 5), "layers/moved"), ONE),
    sample_image("2.3", OS, sample_layer("layers/moved"), moved(ONE, "layers/libraries:library-0")),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        sentence = "There is no `chromium`: install Debian's package chromium."
        if os.environ.get("ASTRO_RUNTIME_REQUIRE_ENGINE") == "1":
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=program)
        yield made
        made.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "explain.html"
    path.write_bytes(catalogue_page(IMAGES, {"Flask": "pypi/flask"}))
    return path


@contextmanager
def visit(
    browser: Browser, file: Path, size: tuple[int, int] = DESKTOP, fragment: str = "", **more: Any
) -> Iterator[Page]:
    """The page in a window of this size; its scripts must throw nothing."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **more)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{file.as_uri()}{fragment}")
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    with visit(browser, file) as made:
        yield made


def texts(page: Page, selector: str) -> list[str]:
    return [
        text.replace("\u00a0", " ").replace("\u200b", "")
        for text in page.locator(selector).all_inner_texts()
    ]


def text(page: Page, selector: str) -> str:
    return texts(page, selector)[0]


def hidden_to_the_right(page: Page, selector: str) -> list[str]:
    """What of this lies outside of the window, or of what scrolls within it."""
    script = """([selector]) => [...document.querySelectorAll(selector)].filter((each) => {
      const [box, frame] = [each, each.closest(".scroll")].map((it) => it.getBoundingClientRect());
      return box.width === 0 || box.right > Math.min(frame.right, innerWidth) + 1;
    }).map((each) => each.textContent)"""
    found: list[str] = page.evaluate(script, [selector])
    return found


def test_images_of_the_same_layers_stand_in_one_row_and_experiments_last(page: Page) -> None:
    assert [each.split() for each in texts(page, "#matrix tbody th")] == [
        ["1.9", "1.9-base"],
        ["1.10"],
        ["1.11"],
        ["0.1"],
    ]


def test_columns_stand_in_the_order_of_the_layers(page: Page) -> None:
    columns = texts(page, "#matrix thead th")
    assert columns[:5] == ["image", "Flask", "created", "size", "to pull"]
    assert {*columns[5:7]} == {"os", "os:bookworm"}
    assert columns[7:] == [*(f"libraries:library-{n}" for n in range(14)), "app", "astro:files"]


def test_rows_tell_chosen_versions_and_the_day(page: Page) -> None:
    assert texts(page, "#matrix tbody tr:first-child .fact") == ["1.0", "2022-07-11"]


def test_bytes_are_those_that_are_counted_elsewhere(page: Page) -> None:
    facts = " ".join(texts(page, "#facts dd"))
    whole = together(image.descriptors for image in COUNTED)
    assert human_size(whole.stored) in facts
    assert f"{whole.ratio:.2f} ×" in facts
    assert "Not counted, as experiments: 0.1." in text(page, "#lead")
    sizes = texts(page, "#matrix tbody .number:nth-last-child(19)")
    assert sizes == [human_size(each) for each in (49_001_000, 6_000_000, 20_000_000, 59_001_000)]


def test_a_shared_layer_runs_on(page: Page) -> None:
    # The second row has all but the application of the first. The third has another blob of `os`,
    # and one library less; the last, an experiment, shares the other libraries and the files.
    assert page.locator("#matrix .cell.up").count() == 16 + 15 + 14


def test_the_page_compares_any_two_images_as_explain_does(browser: Browser, tmp_path: Path) -> None:
    images = [*IMAGES, *MOVES]
    file = tmp_path / "explain.html"
    file.write_bytes(catalogue_page(images))
    script = """([before, after]) => {
      const [from, to] = [before, after].map(imageNamed);
      return {
        pull: bytesToPull(from, to),
        layers: layerChanges(from, to).map(({ layer, kind }) => [data.layers[layer].role, kind]),
        packages: packageChanges(from, to).map(({ from, to, kind, key }) =>
          [kind, from ? from.version : "", to ? to.version : "", key.split("/").pop()]).sort(),
      };
    }"""
    with visit(browser, file) as page:
        for before, after in product(images, images):
            seen = page.evaluate(script, [before.reference, after.reference])
            change = image_change(before, after)
            assert seen["pull"] == change.pull
            assert seen["layers"] == [
                [each.present.descriptor.role, each.kind] for each in change.layers
            ]
            assert seen["packages"] == sorted(
                [
                    each.kind,
                    each.before.version if each.before else "",
                    each.after.version if each.after else "",
                    each.present.name,
                ]
                for each in change.packages
            )


def test_another_codec_is_no_other_content(page: Page) -> None:
    page.select_option("#from", "demo:1.10")
    page.select_option("#to", "demo:1.11")
    assert text(page, "#layers li:first-child").split()[1:2] == ["recompressed"]
    assert text(page, "#pull").startswith("20.0 MB to pull of")


def test_every_package_has_its_place_in_the_map(page: Page) -> None:
    outside = """() => [...document.querySelectorAll("#treemap .tile")].filter((tile) => {
      const [box, map] = [tile, document.getElementById("treemap")].map((each) =>
        each.getBoundingClientRect());
      return box.right > map.right + 1 || box.bottom > map.bottom + 1 || box.left < map.left - 1;
    }).length"""
    page.select_option("#image", "demo:1.9")
    assert page.locator("#treemap .tile").count() == 1 + 14 + 63 + 1
    assert page.evaluate(outside) == 0


def test_the_newest_two_rows_are_compared_first(page: Page) -> None:
    assert (page.input_value("#from"), page.input_value("#to")) == ("demo:1.10", "demo:1.11")


def test_a_changed_package_is_found_by_a_part_of_its_name(page: Page) -> None:
    page.select_option("#from", "demo:1.9")
    page.fill("#filter", "FLA")
    assert texts(page, "#changes tbody th") == ["flask"]


def test_the_comparison_can_be_turned_round(page: Page) -> None:
    page.click("#swap")
    assert text(page, "#pull").startswith("31.0 MB to pull")


def test_a_row_shows_what_is_inside(page: Page) -> None:
    page.click("#matrix tbody tr:first-child")
    assert text(page, "#detail").startswith("demo:1.9 ")


@pytest.mark.parametrize(
    "search, found",
    [
        ("urllib3 1.26.9", [("urllib3", "1.26.9", "1.9 0.1")]),
        ("urllib3==1.26.11", [("urllib3", "1.26.11", "1.10 1.11")]),
        (
            "URLLIB3",
            [
                ("urllib3", "1.26.9", "1.9 0.1"),
                ("urllib3", "1.26.11", "1.10 1.11"),
                ("urllib3 (inside flask)", "1.26.1", "1.9 1.10 1.11 0.1"),
            ],
        ),
        ("nothing-of-this-name", []),
        ("  ", []),
    ],
)
def test_the_images_that_have_a_package_are_found(
    page: Page, search: str, found: list[tuple[str, str, str]]
) -> None:
    page.fill("#search", search)
    rows = page.locator("#found-table tbody tr")
    lines = [rows.nth(n).locator("th, td").all_inner_texts() for n in range(rows.count())]
    seen = [tuple(cell.strip() for cell in line) for line in lines if len(line) == 3]
    assert seen == found
    assert page.locator("#found").is_visible() == bool(found)
    assert (text(page, "#found-in") == "No image has such a package.") == ("nothing" in search)


def test_rows_without_the_package_step_back(page: Page) -> None:
    page.fill("#search", "urllib3 1.26.9")
    assert [each.split()[0] for each in texts(page, "#matrix tr.without th")] == ["1.10", "1.11"]


def test_a_link_shows_the_same_to_others(browser: Browser, file: Path, page: Page) -> None:
    page.click("#matrix tbody tr:nth-child(2)")
    page.fill("#search", "urllib3 1.26.9")
    page.fill("#filter", "fla")
    shared = page.url
    shown = [text(page, each) for each in ("#detail", "#pull", "#changes", "#found-table")]
    with visit(browser, file, fragment=f"#{shared.partition('#')[2]}") as other:
        assert [
            text(other, each) for each in ("#detail", "#pull", "#changes", "#found-table")
        ] == shown
        assert other.input_value("#search") == "urllib3 1.26.9"


def test_a_found_image_is_opened_by_its_link(page: Page) -> None:
    page.fill("#search", "urllib3 1.26.9")
    page.click("#found-table a >> nth=0")
    assert text(page, "#detail").startswith("demo:1.9 ")
    assert page.input_value("#search") == "urllib3 1.26.9"
    page.go_back()
    assert text(page, "#detail").startswith("demo:1.11 ")


@pytest.mark.parametrize(
    "fragment", ["#image=demo:9.9&from=demo:1.9", "#from=demo:1.9&to=demo:9.9"]
)
def test_a_link_to_an_image_that_is_gone_says_so(
    browser: Browser, file: Path, fragment: str
) -> None:
    with visit(browser, file, fragment=fragment) as page:
        assert text(page, "#notice") == "This page does not have demo:9.9, which the link names."
        assert page.input_value("#from") == "demo:1.9"
        assert text(page, "#detail").startswith("demo:1.11 ")


@pytest.mark.parametrize(
    "fragment", ["#", "#&&=", "#image", "#%", "#matrix", "#__proto__=1&search=%00"]
)
def test_a_broken_link_shows_the_page(browser: Browser, file: Path, fragment: str) -> None:
    with visit(browser, file, fragment=fragment) as page:
        assert page.locator("#treemap .tile").count() > 0


@pytest.mark.parametrize(
    "images, rows, pulls",
    [
        ([IMAGES[0]], ["0.1"], ["59.0 MB"]),
        ([IMAGES[2]], ["1.9"], ["49.0 MB"]),
        (
            [IMAGES[2], IMAGES[1], replace(IMAGES[2], reference="tool:latest")],
            ["demo:1.9", "demo:1.10", "tool"],
            ["49.0 MB", "6.0 MB", "49.0 MB"],
        ),
    ],
)
def test_few_images_have_a_page_too(
    browser: Browser, tmp_path: Path, images: list[Any], rows: list[str], pulls: list[str]
) -> None:
    file = tmp_path / "explain.html"
    file.write_bytes(catalogue_page(images))
    with visit(browser, file) as page:
        assert texts(page, "#matrix tbody th") == rows
        assert texts(page, "#matrix tbody .number + .number") == pulls


def test_nothing_is_loaded_from_anywhere(page: Page) -> None:
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    assert b"//" not in re.sub(rb"\"[^\"]*\"", b"", catalogue_page(IMAGES).partition(b"<script")[0])


def test_it_is_dark_where_the_visitor_wants_it_dark(browser: Browser, file: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with visit(browser, file, color_scheme="light") as page:
        assert page.evaluate(ground) == "rgb(251, 250, 248)"
    with visit(browser, file, color_scheme="dark") as page:
        assert page.evaluate(ground) == "rgb(22, 21, 28)"


def test_the_whole_matrix_is_in_sight_on_a_desktop(page: Page) -> None:
    assert hidden_to_the_right(page, "#matrix th, #matrix td") == []


@pytest.mark.parametrize("size", [DESKTOP, (768, 1024), PHONE, (320, 568)])
def test_the_page_is_no_wider_than_its_window(
    browser: Browser, file: Path, size: tuple[int, int]
) -> None:
    with visit(browser, file, size, fragment="#search=package") as page:
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_phone_shows_sizes_and_several_layers(browser: Browser, file: Path) -> None:
    with visit(browser, file, PHONE) as page:
        assert hidden_to_the_right(page, "#matrix .number") == []
        assert len(hidden_to_the_right(page, "#matrix thead .role")) <= 18 - 4
        assert text(page, "#matrix tbody th").split() == ["1.9", "1.0", "2022-07-11"]
