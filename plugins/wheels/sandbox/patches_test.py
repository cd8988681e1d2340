from __future__ import annotations

from typing import Dict, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oci.sandbox.errors import SandboxError
from wheels.sandbox.patches import Patch

NUMBERS = "".join(f"{number}\n" for number in range(1, 10))

FIVE = """\
What this does, for people.

diff --git a/demo/numbers b/demo/numbers
--- a/demo/numbers
+++ b/demo/numbers
@@ -2,5 +2,6 @@ context
 2
 3
-4
+four
+and a half
 5
 6
"""

NEW = """\
diff --git a/demo/new b/demo/new
new file mode 100644
--- /dev/null
+++ b/demo/new
@@ -0,0 +1,2 @@
+one
+two
"""


def apply(patch: str, files: Mapping[str, str]) -> Dict[str, str]:
    contents = {path: text.encode() for path, text in files.items()}
    changed = Patch("fixes/1.patch", patch.encode()).apply(contents.get)
    return {path: content.decode() for path, content in changed.items()}


def refusal(patch: str, files: Mapping[str, str]) -> str:
    with pytest.raises(SandboxError) as refused:
        apply(patch, files)
    message = str(refused.value)
    assert message.startswith("The patch fixes/1.patch cannot be applied: ")
    return message


def test_a_hunk_replaces_its_lines() -> None:
    changed = apply(FIVE, {"demo/numbers": NUMBERS})

    assert changed == {"demo/numbers": NUMBERS.replace("4\n", "four\nand a half\n")}


def test_a_hunk_finds_its_lines_where_a_release_moved_them() -> None:
    moved = "0\n" * 20 + NUMBERS

    assert apply(FIVE, {"demo/numbers": moved})["demo/numbers"].count("four") == 1


def test_a_file_can_be_new() -> None:
    assert apply(NEW, {}) == {"demo/new": "one\ntwo\n"}


def test_a_form_feed_is_part_of_a_line() -> None:
    text = NUMBERS.replace("9", "9\f9")

    assert apply(FIVE, {"demo/numbers": text})["demo/numbers"].endswith("9\f9\n")


@pytest.mark.parametrize("line", ["2", "3", "4", "5", "6"])
def test_one_other_line_of_context_is_a_misfit(line: str) -> None:
    other = NUMBERS.replace(f"{line}\n", f"{line} \n")

    assert "hunk 1 of demo/numbers does not fit" in refusal(FIVE, {"demo/numbers": other})


def test_a_hunk_that_fits_twice_is_not_guessed() -> None:
    assert "fits in 2 places; give it more lines" in refusal(FIVE, {"demo/numbers": NUMBERS * 2})


def test_hunks_stay_in_order() -> None:
    first = "@@ -8,1 +8,1 @@\n-8\n+eight\n"
    second = "@@ -2,1 +2,1 @@\n-2\n+two\n"
    header = "--- a/demo/numbers\n+++ b/demo/numbers\n"

    assert "hunk 2 of demo/numbers does not fit" in refusal(
        header + first + second, {"demo/numbers": NUMBERS}
    )
    assert apply(header + second + first, {"demo/numbers": NUMBERS})


def test_what_is_there_already_is_told() -> None:
    patched = {**apply(FIVE, {"demo/numbers": NUMBERS})}

    assert "the files have its changes already; take it out" in refusal(FIVE, patched)


def test_a_file_that_is_not_there_is_named() -> None:
    assert "there is no demo/numbers" in refusal(FIVE, {})


def test_a_new_file_is_none_that_exists() -> None:
    assert "demo/new is there already" in refusal(NEW, {"demo/new": "three\n"})


@pytest.mark.parametrize(
    "patch, problem",
    [
        ("", "it holds no change"),
        ("no diff\n", "it holds no change"),
        (FIVE.replace("2,5 +2,6", "2,4 +2,5"), "its hunks are not as long as their headers say"),
        (FIVE.replace("2,5 +2,6", "2,6 +2,7"), "it is not a unified diff"),
        (FIVE + "+and another line\n", "its hunks are not as long as their headers say"),
        (FIVE.replace(" b/demo", " c/demo"), "paths are `a/PATH` and `b/PATH`"),
        (FIVE.replace(" b/demo/numbers", " /dev/null"), "no file can be removed"),
        (FIVE.replace(" b/demo/numbers", " b/demo/other"), "binary, empty or renamed"),
        ("diff --git a/x b/x\nBinary files a/x and b/x differ\n", "binary, empty or renamed"),
        ("diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", "binary, empty or renamed"),
        (FIVE.replace("--- a", "old mode 100644\nnew mode 100755\n--- a"), "changes the mode"),
        (NEW.replace("100644", "120000"), "changes the mode"),
    ],
)  # fmt: skip
def test_what_is_no_plain_unified_diff_is_refused(patch: str, problem: str) -> None:
    message = refusal(patch, {"demo/numbers": NUMBERS})

    assert problem in message


def test_a_file_without_a_last_line_end_is_refused() -> None:
    assert "does not end with a line end" in refusal(FIVE, {"demo/numbers": NUMBERS[:-1]})


@given(st.binary() | st.text(alphabet="+- @\nab/").map(str.encode))
def test_whatever_a_patch_holds_the_answer_is_a_sentence(content: bytes) -> None:
    for patch in (content, FIVE.encode() + content, content + FIVE.encode()):
        try:
            Patch("fixes/1.patch", patch).apply({"demo/numbers": NUMBERS.encode()}.get)
        except SandboxError as error:
            assert str(error).startswith("The patch fixes/1.patch cannot be applied: ")
