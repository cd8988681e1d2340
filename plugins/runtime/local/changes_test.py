from __future__ import annotations

from pathlib import Path

from runtime.local.changes import Changes


def test_what_is_made_edited_or_removed_is_told_once(tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    (folder / "deep").mkdir(parents=True)
    edited, removed, single = folder / "deep" / "edited.py", folder / "removed.py", tmp_path / "one"
    for file in (edited, removed, single):
        file.write_text("before")
    changes = Changes([folder, single])
    assert changes.since_last() == []

    edited.write_text("afterwards")
    removed.unlink()
    single.write_text("afterwards")
    (folder / "made.py").write_text("")

    made = str(folder / "made.py")
    assert changes.since_last() == sorted([str(edited), str(removed), str(single), made])
    assert changes.since_last() == []


def test_what_editors_and_python_write_beside_sources_is_no_change(tmp_path: Path) -> None:
    changes = Changes([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "module.pyc").write_text("")
    (tmp_path / ".module.py.swp").write_text("")

    assert changes.since_last() == []
