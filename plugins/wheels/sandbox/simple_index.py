"""Reads pages of a simple index. Source: PEP 503 (HTML) and PEP 691 (JSON)."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Dict, List, Optional, Tuple
from urllib.parse import unquote, urljoin, urlsplit

ACCEPT = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, "
    "text/html;q=0.01"
)
"""The Accept header of a request for a page."""


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: List[str] = []
        self.base = ""

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        href = dict(attrs).get("href") or ""
        if tag == "base" and href:
            self.base = href
        if tag == "a" and href:
            self.links.append(href)


def _without_fragment(url: str) -> str:
    return urlsplit(url)._replace(fragment="").geturl()


def file_urls(page: bytes, content_type: str, url: str) -> Dict[str, str]:
    """The files that a project's page links to: URL by file name.

    A page that is not an index page gives no links.

    Args:
        page: The response's body.
        content_type: The response's Content-Type header.
        url: Where the response came from; links are relative to it.
    """
    if "json" in content_type:
        try:
            files = json.loads(page)["files"]
            return {str(each["filename"]): urljoin(url, str(each["url"])) for each in files}
        except (ValueError, KeyError, TypeError, RecursionError):
            return {}
    anchors = _Anchors()
    try:
        anchors.feed(page.decode("utf-8", "replace"))
        base = urljoin(url, anchors.base)
        links = [_without_fragment(urljoin(base, href)) for href in anchors.links]
    except (ValueError, AssertionError, NotImplementedError):
        # Python's parser gives up on some marked sections so.
        return {}
    return {unquote(urlsplit(link).path.rpartition("/")[2]): link for link in links}
