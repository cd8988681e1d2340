from __future__ import annotations

import functools
import hashlib
import io
import json
import re
import sys
import tarfile
import time
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Callable

import pytest
from oci.sandbox.errors import SandboxError
from oci.testing.loopback import LoopbackServer
from uv import find_uv_bin
from wheels.sandbox.pip_settings import PipSettings
from wheels.sandbox.solve import Uv, files, pins, solve

ANNOTATED = """\
adal==1.2.7               # via -c constraints.txt, azure-datalake-store, msrestazure
pip==22.1.2               # via -r requirements.in
zipp==3.8.0
"""

PYLOCK = """\
lock-version = "1.0"
[[packages]]
name = "demo"
version = "1.0"
sdist = { url = "http://localhost/a/demo-1.0.tar.gz", size = 7, hashes = { sha256 = "aa" } }
wheels = [{ url = "http://localhost/b/demo-1.0%2Blocal-py3-none-any.whl", \
upload-time = 2022-07-01T00:00:00Z, size = 9, hashes = { sha256 = "bb" } }]
"""


def test_only_distributions_count_as_requiring() -> None:
    assert list(pins(ANNOTATED)) == [
        ("adal", "1.2.7", ["azure-datalake-store", "msrestazure"]),
        ("pip", "22.1.2", []),
        ("zipp", "3.8.0", []),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "mylib @ https://example.test/mylib-1.0-py3-none-any.whl",
        "mylib @ git+https://example.test/mylib@0123456789",
        "-e ./mylib",
        "./mylib",
    ],
)
def test_what_comes_from_no_index_is_never_left_out(line: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(line)}$"):
        list(pins(f"# By uv\n{ANNOTATED}{line}  # via -r requirements.in\n"))


def test_files_lose_the_address_that_they_come_from() -> None:
    assert files(PYLOCK) == {
        "demo": [
            {
                "kind": "wheel",
                "file": "demo-1.0+local-py3-none-any.whl",
                "size": 9,
                "sha256": "bb",
            },
            {"kind": "sdist", "file": "demo-1.0.tar.gz", "size": 7, "sha256": "aa"},
        ]
    }


class Index(LoopbackServer):
    """A package index with one source distribution, `demo` 1.0."""

    def __init__(self, folder: Path, sdist: bytes) -> None:
        name, sha256 = "demo-1.0.tar.gz", hashlib.sha256(sdist).hexdigest()
        file = {
            "filename": name,
            "url": f"/{name}",
            "hashes": {"sha256": sha256},
            "size": len(sdist),
            "upload-time": "2022-01-01T00:00:00Z",
        }
        page = {"meta": {"api-version": "1.1"}, "name": "demo", "files": [file]}
        (folder / "simple/demo").mkdir(parents=True)
        (folder / "simple/demo/index.html").write_text(json.dumps(page))
        (folder / name).write_bytes(sdist)

        class Handler(SimpleHTTPRequestHandler):
            extensions_map = {".html": "application/vnd.pypi.simple.v1+json"}

            def log_message(self, *args: object) -> None:
                pass

        handler = functools.partial(Handler, directory=str(folder))
        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), handler))


def source_distribution(backend: str) -> bytes:
    """One that says what it requires only when its own build backend is asked."""
    files = {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
        'backend-path = ["."]\n',
        "backend.py": backend,
        "PKG-INFO": "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"demo-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def unresolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What is said of requirements that the real uv cannot resolve, with an index on loopback."""

    def message(requirement: str, backend: str, patience: float = 60) -> str:
        monkeypatch.chdir(tmp_path)
        wheel = tmp_path / "uv.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.write(find_uv_bin(), "uv-1.data/scripts/uv")
        request = {
            "lock": "3rdparty/python/demo.lock",
            "resolve": "demo",
            "requirements": [requirement],
            "constraints": [],
            "preferences": [],
            "exclude_newer": "2022-07-01T23:59:59Z",
            "python_version": "3.9",
            "platform": "x86_64-manylinux_2_31",
        }
        with Index(tmp_path / "index", source_distribution(backend)) as index:
            settings = PipSettings((f"http://{index.address}/simple",), True, ())
            uv = Uv(wheel, tmp_path / "cache", request, sys.executable, settings, patience)
            with pytest.raises(SandboxError) as caught:
                solve(uv, request)
        return str(caught.value)

    return message


def test_a_source_distribution_that_does_not_build_is_named(unresolved: Callable[..., str]) -> None:
    message = unresolved("demo==1.0", "raise RuntimeError('no compiler')\n")

    assert message == (
        "3rdparty/python/demo.lock: the requirements of 'demo' cannot be resolved. What demo 1.0 "
        "requires is known only once its source distribution is built, which fails (RuntimeError: "
        "no compiler). Require another version of demo, or resolve as of another day."
    )


def test_a_version_that_does_not_exist_is_told(unresolved: Callable[..., str]) -> None:
    message = unresolved("demo==2.0", "")

    assert "there is no version of demo==2.0 and you require demo==2.0" in message


def runs(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        status = Path("/proc", str(pid), "stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_build_that_hangs_is_ended_with_its_children(
    unresolved: Callable[..., str], tmp_path: Path
) -> None:
    started = tmp_path / "started"
    backend = (
        "import os, time\n"
        f"open({str(started)!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    message = unresolved("demo==1.0", backend, patience=10)

    assert "uv was stopped, since it had no result after 10 s. " in message
    deadline = time.monotonic() + 10
    while runs(int(started.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(int(started.read_text()))
