from __future__ import annotations

import pytest
from debian.solution import make_lock
from locks.lock import LockError

SHOWN = """\
Package: libcrypt1
Version: 1:4.4.18-4
Architecture: amd64
Description: password hashing
 Filename: not a field
Filename: pool/main/libx/libxcrypt/libcrypt1_4.4.18-4_amd64.deb
Size: 87504
SHA256: aaaa

Package: libstdc++6
Version: 10.2.1-6
Architecture: amd64
Filename: pool/updates/main/g/gcc-10/libstdc++6_10.2.1-6_amd64.deb
Size: 500
SHA256: bbbb
"""
FILES = {
    "archives": "debian http://a.test/debian\ndebian-security http://a.test/debian-security\n",
    "architecture": "amd64\n",
    "suites": "bullseye\nbullseye-security\n",
    "dates": "Sat, 09 Aug 2025 09:16:30 UTC\nSat, 12 Sep 2026 09:27:08 UTC\n",
    "packages": SHOWN,
    "closure.0": "http://a.test/debian/pool/main/libx/libxcrypt/libcrypt1_4.4.18-4_amd64.deb"
    " libcrypt1_1%3a4.4.18-4_amd64.deb\n",
    "closure.1": "http://a.test/debian-security/pool/updates/main/g/gcc-10/"
    "libstdc%2b%2b6_10.2.1-6_amd64.deb libstdc++6_10.2.1-6_amd64.deb\n",
}
TARGETS = [("a:a", ("libcrypt1",), None), ("b:b", ("libstdc++6",), "a:a")]


def test_each_package_is_locked_with_its_archive_and_hash_but_no_host() -> None:
    lock = make_lock("bullseye", FILES, TARGETS)

    assert lock.packages["libcrypt1"].version == "1:4.4.18-4"
    assert lock.packages["libcrypt1"].archive == "debian"
    assert lock.packages["libstdc++6"].archive == "debian-security"
    assert lock.packages["libstdc++6"].sha256 == "bbbb"
    assert lock.targets["b:b"].base == "a:a"
    assert b"a.test" not in lock.to_json()


def test_the_date_is_that_of_the_newest_list() -> None:
    assert make_lock("bullseye", FILES, TARGETS).date.isoformat() == "2026-09-12T09:27:08+00:00"


def test_a_package_without_a_hash_is_refused() -> None:
    files = {**FILES, "packages": SHOWN.replace("SHA256: bbbb\n", "MD5sum: bbbb\n")}

    with pytest.raises(LockError, match=r"gives no SHA256 for the package 'libstdc\+\+6'"):
        make_lock("bullseye", files, TARGETS)
