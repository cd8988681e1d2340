from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterable, List, Tuple

import pytest
from oci.sandbox.bytecode import cached_path, compile_all
from oci.sandbox.errors import SandboxError

SHARED_STRINGS = [
    (f"/lib/module_{number}.py", f"def f(): return 'shared', 'own_{number}', 3.5\n".encode())
    for number in range(40)
]


def compiled(jobs: Iterable[Tuple[str, bytes]], **env: str) -> Dict[str, bytes]:
    return dict(compile_all(jobs, [sys.executable], {**os.environ, **env}))


def test_bytecode_runs_and_shows_the_path_in_the_image(tmp_path: Path) -> None:
    path = "/usr/local/lib/python3.9/dist-packages/broken.py"
    pyc = compiled([(path, b"def f():\n    raise ValueError\n")])[path]
    (tmp_path / "broken.pyc").write_bytes(pyc)

    result = subprocess.run(
        [sys.executable, "-c", "import broken; broken.f()"],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert f'File "{path}", line 2, in f' in result.stderr


def test_python_takes_the_bytecode_whatever_time_the_source_has(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_bytes(b"value = 'the source was compiled again'\n")
    cache = Path(importlib.util.cache_from_source(str(source)))
    assert str(cache) == cached_path(str(source), sys.implementation.cache_tag)
    cache.parent.mkdir()
    cache.write_bytes(compiled([(str(source), b"value = 'from bytecode'\n")])[str(source)])

    command = [sys.executable, "-c", "import module; print(module.value)"]
    result = subprocess.run(
        command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, check=True
    )

    assert result.stdout == b"from bytecode\n"


def test_the_order_of_sources_does_not_change_their_bytecode() -> None:
    shuffled: List[Tuple[str, bytes]] = list(SHARED_STRINGS)
    random.Random(1).shuffle(shuffled)

    assert compiled(SHARED_STRINGS) == compiled(shuffled)


def test_a_set_with_none_in_it_has_the_same_bytecode_in_every_process() -> None:
    source = b"def f(x): return x in {None, 'a', 'b', 7, (None, 'c'), ...}\n"

    results = {compiled([("/m.py", source)])["/m.py"] for _ in range(6)}

    assert len(results) == 1


def test_a_set_still_holds_all_its_items(tmp_path: Path) -> None:
    source = b"print([x in {None, 'a', 7} for x in (None, 'a', 7, 'b')])\n"
    (tmp_path / "m.pyc").write_bytes(compiled([("/m.py", source)])["/m.py"])

    result = subprocess.run(
        [sys.executable, "-m", "m"], env={"PYTHONPATH": str(tmp_path)}, capture_output=True
    )

    assert result.stdout == b"[True, True, True, False]\n"


def test_the_hash_seed_of_the_build_is_not_seen() -> None:
    jobs = [("/m.py", b"def f(x): return x in {'a', 'b', 'c', 'd', 'e'}\n")]

    assert compiled(jobs, PYTHONHASHSEED="1") == compiled(jobs, PYTHONHASHSEED="2")


def test_a_source_that_does_not_compile_is_left_out() -> None:
    jobs = [("/py2.py", b"print 'hello'\n"), ("/nul.py", b"a\0b"), ("/empty.py", b"")]

    assert list(compiled(jobs)) == ["/empty.py"]


def test_results_come_in_the_order_of_the_sources() -> None:
    paths = [path for path, _ in compile_all(SHARED_STRINGS, [sys.executable], {})]

    assert paths == [path for path, _ in SHARED_STRINGS]


def test_an_interpreter_that_does_not_start_is_named() -> None:
    with pytest.raises(SandboxError, match="`/bin/false`, ended with status 1"):
        list(compile_all([("/m.py", b"")], ["/bin/false"], {}))
