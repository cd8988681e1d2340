from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from oci.format import mtree
from oci.format.mtree import PathInfo

FILE = PathInfo("etc/motd", "file", 0o644, 0, 0, 100, size=3, sha256="ab" * 32)
LINK = PathInfo("entrypoint", "link", 0o777, 0, 0, 100, link="/usr/bin/true")

# What a file can be called: any bytes but NUL, as Python reads them.
names = st.lists(st.integers(1, 255), min_size=1).map(
    lambda name: bytes(name).decode("utf-8", "surrogateescape")
)


@given(path=names, target=names)
def test_a_list_reads_back_as_it_was_written_whatever_the_names(path: str, target: str) -> None:
    paths = [replace(FILE, path=path), replace(LINK, path=path, link=target)]
    assert list(mtree.loads(mtree.dumps(paths))) == paths


def test_a_path_keeps_the_package_that_brought_it() -> None:
    owned = replace(FILE, package="deb/debian/libstdc%2B%2B6")
    assert list(mtree.loads(mtree.dumps([owned, LINK]))) == [owned, LINK]
    assert owned.same_as(FILE)


def test_names_with_blanks_stay_on_one_line() -> None:
    text = mtree.dumps([replace(FILE, path="a b\nc#d")])
    assert "./a\\040b\\012c\\043d type=file" in text


def test_a_path_is_the_same_at_another_time() -> None:
    assert FILE.same_as(replace(FILE, mtime=200))


def test_a_path_differs_with_its_content_its_owner_and_its_mode() -> None:
    assert not FILE.same_as(replace(FILE, sha256="cd" * 32))
    assert not FILE.same_as(replace(FILE, uid=50000))
    assert not FILE.same_as(replace(FILE, mode=0o600))
    assert not FILE.same_as(replace(FILE, capability="01"))


def test_a_link_has_no_mode_of_its_own() -> None:
    assert LINK.same_as(replace(LINK, mode=0o755))
    assert not LINK.same_as(replace(LINK, link="/usr/bin/false"))
