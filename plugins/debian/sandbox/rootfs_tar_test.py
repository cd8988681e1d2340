from __future__ import annotations

import io
import tarfile
from typing import Dict, Optional

import pytest
from debian.sandbox.rootfs_tar import read_entries
from oci.sandbox.errors import SandboxError
from oci.sandbox.layer_writer import Entry

EPOCH = 1000
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")


def member(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0
) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.mtime = kind, link, size, 5000
    return info


def tar(*members: tarfile.TarInfo) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info in members:
            archive.addfile(info, io.BytesIO(info.name.encode()[-info.size :]))
    stream.seek(0)
    return stream


def entries(stream: io.BytesIO, drop: Optional[str] = None) -> Dict[str, Entry]:
    found = read_entries(stream, EPOCH, lambda path, is_directory: path != drop)
    return {entry.path: entry for entry in found}


def content(entry: Entry) -> bytes:
    assert entry.open
    with entry.open() as stream:
        return stream.read()


def test_paths_are_relative_to_the_root_and_no_time_is_later_than_the_epoch() -> None:
    found = entries(tar(member("./", tarfile.DIRTYPE), member("./etc/", tarfile.DIRTYPE)))

    assert list(found) == ["etc"]
    assert (found["etc"].kind, found["etc"].mtime) == ("dir", EPOCH)


def test_each_file_gives_its_own_content_whatever_is_read_in_between() -> None:
    found = entries(tar(member("./a", size=1), member("./b", size=1)))
    first, second = found["a"].open, found["b"].open
    assert first and second
    with first() as a, second() as b:
        assert (b.read(), a.read()) == (b"b", b"a")


def test_names_of_one_file_stay_together_even_when_the_first_is_left_out() -> None:
    stream = tar(
        member("./usr/bin/perl", size=4),
        member("./usr/bin/perl5", tarfile.LNKTYPE, "./usr/bin/perl"),
        member("./usr/bin/perl5.32", tarfile.LNKTYPE, "./usr/bin/perl"),
    )

    found = entries(stream, drop="usr/bin/perl")

    assert {entry.hardlink_group for entry in found.values()} == {"usr/bin/perl"}
    assert [content(entry) for entry in found.values()] == [b"perl", b"perl"]


def test_capabilities_are_carried() -> None:
    ping = member("./bin/ping", size=1)
    value = CAPABILITY.decode("utf-8", "surrogateescape")
    ping.pax_headers = {"SCHILY.xattr.security.capability": value}

    assert entries(tar(ping))["bin/ping"].capability == CAPABILITY.hex()


def test_a_device_is_refused_unless_it_is_left_out() -> None:
    device = member("./var/pipe", tarfile.FIFOTYPE)

    assert entries(tar(device), drop="var/pipe") == {}
    with pytest.raises(SandboxError, match="/var/pipe: .* add the path to `excludes`"):
        entries(tar(device))
