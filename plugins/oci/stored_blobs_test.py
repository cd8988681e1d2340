from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from oci.stored_blobs import DamagedStoreError, check_whole, stored_file
from pants.engine.fs import FileDigest

CONTENT = b"a layer"
BLOB = FileDigest(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = stored_file(tmp_path, BLOB.fingerprint)
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return path


def test_a_whole_file_and_one_that_the_store_keeps_elsewhere_pass(
    file: Path, tmp_path: Path
) -> None:
    elsewhere = FileDigest(hashlib.sha256(b"").hexdigest(), 0)

    check_whole([BLOB, elsewhere], tmp_path)


def test_a_file_that_is_cut_off_is_told_with_the_fix(file: Path, tmp_path: Path) -> None:
    file.write_bytes(CONTENT[:3])

    with pytest.raises(DamagedStoreError, match=f"^{file}: .* 3 bytes where it had 7.* Remove"):
        check_whole([BLOB], tmp_path)
