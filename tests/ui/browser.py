"""Debian's Chromium, without a window, in the network of a container."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    Request,
    Response,
    TimeoutError,
)

from tests.engine.container import Container

HOST = "airflow.test"
"""What the browser calls the container: some pages behave differently on `localhost`."""

_ARGUMENTS = [
    f"--host-resolver-rules=MAP {HOST} 127.0.0.1, MAP * ~NOTFOUND",
    "--disable-background-networking",
]

_PAGE_MILLISECONDS = 60_000

# As many load while others are drawn.
_AT_ONCE = 4

_TALLEST_SCREENSHOT = 2000


@contextmanager
def browser_in(playwright: Playwright, container: Container) -> Iterator[Browser]:
    """A browser whose only network is the container's.

    It is told what to do through a pipe, so that it needs no port there. To enter the network of a
    container takes root, and an engine on this machine.
    """
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "chromium")
        enter = f"nsenter --target {container.pid} --net"
        program.write_text(f'#!/bin/sh\nexec {enter} chromium "$@"\n')
        program.chmod(0o755)
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Seen(NamedTuple):
    """What came of looking at a page."""

    status: int
    """Of the page itself."""

    shows: bool
    """Whether the text that it is there for appeared."""

    text: str
    """All that can be read on it."""

    errors: List[str]
    """What its scripts threw, and what the console shows as an error; not what is `missing`."""

    missing: List[str]
    """Paths of what it asked its host for and did not get."""

    outside: List[str]
    """Addresses on other hosts that it asked for, and no policy of the page held back."""


def look(
    context: BrowserContext, pages: Mapping[str, "tuple[str, str]"], screenshots: Path
) -> Dict[str, Seen]:
    """Look at pages until each has loaded all that it wants and shows what it is there for.

    Args:
        context: The browser's user.
        pages: By name, the path and a text that must appear.
        screenshots: The folder for a picture of each, by its name.
    """
    seen: Dict[str, Seen] = {}
    names = list(pages)
    for start in range(0, len(names), _AT_ONCE):
        tabs = {name: _Tab(context, pages[name][0]) for name in names[start : start + _AT_ONCE]}
        for name, tab in tabs.items():
            seen[name] = tab.finish(pages[name][1], screenshots / f"{name}.png")
    return seen


class _Tab:
    """A page that loads."""

    def __init__(self, context: BrowserContext, path: str) -> None:
        self._errors: List[str] = []
        self._missing: List[str] = []
        self._outside: List[str] = []
        self._page: Page = context.new_page()
        self._page.on("pageerror", lambda error: self._errors.append(str(error)))
        self._page.on("console", lambda line: self._console(line.type, line.text))
        self._page.on("response", self._response)
        self._page.on("requestfailed", self._failed)
        self._answer: Optional[Response] = self._page.goto(
            path, wait_until="commit", timeout=_PAGE_MILLISECONDS
        )

    def finish(self, text: str, screenshot: Path) -> Seen:
        page = self._page
        page.wait_for_load_state("networkidle", timeout=_PAGE_MILLISECONDS)
        shows = True
        try:
            page.get_by_text(text).first.wait_for(state="attached", timeout=_PAGE_MILLISECONDS)
        except TimeoutError:
            shows = False
        size = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        page.screenshot(
            path=screenshot,
            full_page=True,
            clip={"x": 0, "y": 0, "width": size[0], "height": min(size[1], _TALLEST_SCREENSHOT)},
        )
        status = self._answer.status if self._answer else 0
        read = page.inner_text("body")
        page.close()
        return Seen(status, shows, read, self._errors, self._missing, self._outside)

    def _console(self, kind: str, text: str) -> None:
        # What did not load is told of by its request, with its address.
        if kind == "error" and not text.startswith("Failed to load resource"):
            self._errors.append(text)

    def _response(self, response: Response) -> None:
        if _is_outside(response.url):
            self._outside.append(response.url)
        elif response.status >= 400 and not response.request.is_navigation_request():
            self._missing.append(urlsplit(response.url).path)

    def _failed(self, request: Request) -> None:
        if _is_outside(request.url) and request.failure != "csp":
            self._outside.append(request.url)


def _is_outside(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != HOST
