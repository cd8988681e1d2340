"""Applies unified diffs exactly.

The lines that a hunk takes for granted must be in the file once: not nearly, as the fuzz of `patch`
allows, and not twice, where a guess could be wrong. So a patch outlives a release that moves the
lines, and no release that changes them.
"""

from __future__ import annotations

import io
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from oci.sandbox.errors import SandboxError
from unidiff import PatchedFile, PatchSet
from unidiff.errors import UnidiffParseError

Read = Callable[[str], Optional[bytes]]
"""Gives the content of a file, or None where there is no such file."""

_Lines = List[str]

_NOTHING = "/dev/null"

_HUNK_LINES = "+- \\"


class _Misfit(Exception):
    """A hunk does not apply. The message says where, and why."""


class Patch:
    """A unified diff of text files, as `git diff` writes it.

    Args:
        path: Of the patch, for errors.
        content: The patch; what stands above its first `---` line is for people.

    Raises:
        SandboxError: it is not a unified diff, or has lines that belong to no hunk.
    """

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        try:
            text = content.decode()
            self._files = PatchSet(text)
        except (UnicodeDecodeError, UnidiffParseError) as error:
            raise self.error(
                f"it is not a unified diff ({str(error).strip()}); make it anew"
            ) from None
        if not self._files:
            raise self.error("it holds no change")
        # The parser passes over what follows a hunk that is longer than its header says.
        if _hunk_lines(text) != sum(map(_length, self._files)):
            raise self.error("its hunks are not as long as their headers say; make it anew")
        for file in self._files:
            self._check(file)

    def error(self, problem: str) -> SandboxError:
        """A sentence about this patch."""
        return SandboxError(f"The patch {self.path} cannot be applied: {problem}.")

    def _check(self, file: PatchedFile) -> None:
        names = (file.source_file, file.target_file)
        added = names[0] == _NOTHING
        if not (added or names[0].startswith("a/")) or not names[1].startswith("b/"):
            raise self.error(
                f"it turns {names[0]} into {names[1]}; paths are `a/PATH` and `b/PATH`, or "
                f"{_NOTHING} for a file that is new, and no file can be removed"
            )
        modes = (file.source_mode, file.target_mode)
        if file.is_binary_file or not file or (not added and names[0][2:] != names[1][2:]):
            raise self.error(f"{names[1][2:]} is binary, empty or renamed, which is not supported")
        if (
            file.is_symlink
            or modes[1] not in (None, "100644", "100755")
            or (not added and modes[0] != modes[1])
        ):
            raise self.error(f"it changes the mode of {names[1][2:]}, which is not supported")

    def apply(self, read: Read) -> Dict[str, bytes]:
        """What the files are that the patch changes or adds, once it has.

        Args:
            read: Gives the files as they are.

        Raises:
            SandboxError: a hunk does not fit, or the files have the changes already.
        """
        try:
            return {_path(file): _changed(file, read) for file in self._files}
        except _Misfit as misfit:
            if self._is_applied(read):
                raise self.error("the files have its changes already; take it out") from None
            raise self.error(f"{misfit}") from None

    def _is_applied(self, read: Read) -> bool:
        try:
            for file in self._files:
                lines = _read_lines(read, _path(file))
                _replace(_path(file), lines, [(new, old) for old, new in _hunks(file)])
        except _Misfit:
            return False
        return True


def _lines_of(text: str) -> _Lines:
    # Unlike str.splitlines, which also splits at form feeds.
    return list(io.StringIO(text, newline="\n"))


def _hunk_lines(text: str) -> int:
    """How many lines look as if they belonged to a change, from the first `---` line on."""
    lines = _lines_of(text)
    start = next((n for n, line in enumerate(lines) if line.startswith("--- ")), len(lines))
    return sum(line[0] in _HUNK_LINES for line in lines[start:])


def _length(file: PatchedFile) -> int:
    """How many lines a file's change has, with its two lines of paths."""
    return 2 * bool(file) + sum(str(line)[0] in _HUNK_LINES for hunk in file for line in hunk)


def _path(file: PatchedFile) -> str:
    return file.target_file[2:]


def _hunks(file: PatchedFile) -> List[Tuple[_Lines, _Lines]]:
    """Each hunk's lines before and after."""
    return [
        ([line.value for line in hunk.source_lines()], [line.value for line in hunk.target_lines()])
        for hunk in file
    ]


def _read_lines(read: Read, path: str) -> _Lines:
    content = read(path)
    if content is None:
        raise _Misfit(f"there is no {path}; take that file out of the patch")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise _Misfit(f"{path} is not UTF-8 text") from None
    if not text.endswith("\n"):
        raise _Misfit(f"{path} does not end with a line end, which is not supported")
    return _lines_of(text)


def _changed(file: PatchedFile, read: Read) -> bytes:
    path, hunks = _path(file), _hunks(file)
    if file.source_file != _NOTHING:
        return "".join(_replace(path, _read_lines(read, path), hunks)).encode()
    if read(path) is not None:
        raise _Misfit(f"{path} is there already, and the patch would add it")
    return "".join(hunks[0][1]).encode()


def _replace(path: str, lines: _Lines, hunks: Sequence[Tuple[_Lines, _Lines]]) -> _Lines:
    result: _Lines = []
    done = 0
    for number, (old, new) in enumerate(hunks, 1):
        places = [n for n in range(len(lines) - len(old) + 1) if lines[n : n + len(old)] == old]
        if len(places) > 1:
            raise _Misfit(
                f"hunk {number} of {path} fits in {len(places)} places; give it more lines of "
                "context"
            )
        if not places or places[0] < done:
            raise _Misfit(
                f"hunk {number} of {path} does not fit; make the patch anew from this release, or "
                "take it out"
            )
        result += [*lines[done : places[0]], *new]
        done = places[0] + len(old)
    return [*result, *lines[done:]]
