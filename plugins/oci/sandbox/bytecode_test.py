from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterable, List

import pytest
from oci.sandbox.bytecode import Source, cached_path, compile_all
from oci.sandbox.errors import SandboxError

TIME = 1657497600

SHARED_STRINGS = [
    Source(
        f"/lib/module_{number}.py",
        f"def f(): return 'shared', 'own_{number}', 3.5\n".encode(),
        TIME + number,
    )
    for number in range(40)
]


def compiled(sources: Iterable[Source], **env: str) -> Dict[str, bytes]:
    return dict(compile_all(sources, [sys.executable], {**os.environ, **env}))


def pyc(content: bytes, path: str = "/m.py", **env: str) -> bytes:
    """The bytecode of one source."""
    return compiled([Source(path, content, TIME)], **env)[path]


def value_of_module(folder: Path) -> str:
    """What a Python that starts now imports."""
    command = [sys.executable, "-c", "import module; print(module.value)"]
    result = subprocess.run(
        command, env={"PYTHONPATH": str(folder)}, capture_output=True, check=True, text=True
    )
    return result.stdout.strip()


@pytest.fixture(params=[TIME, 0, 315532800, 2**32 + 7], ids=["2022", "1970", "1980", "2106"])
def module(request: Any, tmp_path: Path) -> Path:
    """A module as a layer holds it: its bytecode, which tells of itself, and its source."""
    source = tmp_path / "module.py"
    in_layer = Source(str(source), b"value = 'bytecode'\n", request.param)
    cache = Path(importlib.util.cache_from_source(str(source)))
    assert str(cache) == cached_path(str(source), sys.implementation.cache_tag)
    cache.parent.mkdir()
    cache.write_bytes(compiled([in_layer])[in_layer.path])
    # Of the same size: only the bytecode says the other word.
    source.write_bytes(in_layer.content.replace(b"bytecode", b"a source"))
    os.utime(source, (in_layer.mtime, in_layer.mtime))
    return source


def test_bytecode_runs_and_shows_the_path_in_the_image(tmp_path: Path) -> None:
    path = "/usr/local/lib/python3.9/dist-packages/broken.py"
    (tmp_path / "broken.pyc").write_bytes(pyc(b"def f():\n    raise ValueError\n", path))

    result = subprocess.run(
        [sys.executable, "-c", "import broken; broken.f()"],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert f'File "{path}", line 2, in f' in result.stderr


def test_python_takes_the_bytecode_of_a_source_with_the_time_and_size_of_the_layer(
    module: Path,
) -> None:
    assert value_of_module(module.parent) == "bytecode"


def test_python_sees_an_edit_of_the_same_size(module: Path) -> None:
    module.write_bytes(b"value = 'anedited'\n")

    assert value_of_module(module.parent) == "anedited"


def test_python_sees_another_source_with_the_same_time(module: Path) -> None:
    time = module.stat().st_mtime
    module.write_bytes(b"value = 'another source'\n")
    os.utime(module, (time, time))

    assert value_of_module(module.parent) == "another source"


def test_python_sees_an_older_source_of_the_same_size(module: Path) -> None:
    time = module.stat().st_mtime - 1
    os.utime(module, (time, time))

    assert value_of_module(module.parent) == "a source"


def test_the_order_of_sources_does_not_change_their_bytecode() -> None:
    shuffled: List[Source] = list(SHARED_STRINGS)
    random.Random(1).shuffle(shuffled)

    assert compiled(SHARED_STRINGS) == compiled(shuffled)


def test_a_set_with_none_in_it_has_the_same_bytecode_in_every_process() -> None:
    source = b"def f(x): return x in {None, 'a', 'b', 7, (None, 'c'), ...}\n"

    results = {pyc(source) for _ in range(6)}

    assert len(results) == 1


def test_a_set_still_holds_all_its_items(tmp_path: Path) -> None:
    source = b"print([x in {None, 'a', 7} for x in (None, 'a', 7, 'b')])\n"
    (tmp_path / "m.pyc").write_bytes(pyc(source))

    result = subprocess.run(
        [sys.executable, "-m", "m"], env={"PYTHONPATH": str(tmp_path)}, capture_output=True
    )

    assert result.stdout == b"[True, True, True, False]\n"


def test_the_hash_seed_of_the_build_is_not_seen() -> None:
    source = b"def f(x): return x in {'a', 'b', 'c', 'd', 'e'}\n"

    assert pyc(source, PYTHONHASHSEED="1") == pyc(source, PYTHONHASHSEED="2")


def test_a_source_that_does_not_compile_is_left_out() -> None:
    contents = {"/py2.py": b"print 'hello'\n", "/nul.py": b"a\0b", "/empty.py": b""}
    sources = [Source(path, content, TIME) for path, content in contents.items()]

    assert list(compiled(sources)) == ["/empty.py"]


def test_results_come_in_the_order_of_the_sources() -> None:
    paths = [path for path, _ in compile_all(SHARED_STRINGS, [sys.executable], {})]

    assert paths == [source.path for source in SHARED_STRINGS]


def test_an_interpreter_that_does_not_start_is_named() -> None:
    with pytest.raises(SandboxError, match="`/bin/false`, ended with status 1"):
        list(compile_all([Source("/m.py", b"", TIME)], ["/bin/false"], {}))
