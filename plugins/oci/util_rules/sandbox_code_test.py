from __future__ import annotations

from oci.util_rules.sandbox_code import needed

SOURCES = {
    "a.sandbox.main": (
        b"import json\nfrom a.sandbox import writer\nfrom b.sandbox.codec import run\n"
    ),
    "a.sandbox.writer": b"import a.sandbox.names\nPath(__file__).with_name('worker.py')\n",
    "a.sandbox.names": b"",
    "a.sandbox.worker": b"",
    "a.sandbox.other": b"import a.sandbox.main\n",
    "b.sandbox.codec": b"def run():\n    from b.sandbox import late\n",
    "b.sandbox.late": b"call('-m', 'b.sandbox.started')\n",
    "b.sandbox.started": b"",
}


def test_a_module_comes_with_all_that_it_imports_reads_and_starts_and_with_nothing_else() -> None:
    assert needed("a.sandbox.main", SOURCES) == tuple(sorted(set(SOURCES) - {"a.sandbox.other"}))
    assert needed("b.sandbox.started", SOURCES) == ("b.sandbox.started",)
