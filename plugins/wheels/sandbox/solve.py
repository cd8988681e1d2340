"""Resolves requirements with uv, and says which files each distribution has.

uv is asked twice: for the versions, with who requires what, and for the files of those versions.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import zipfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple
from urllib.parse import unquote, urlsplit

import tomli
from oci.sandbox.errors import SandboxError, run
from wheels.sandbox.pip_settings import PipSettings, read_pip_settings
from wheels.sandbox.unresolved import reason

PATIENCE = 600
"""Seconds that uv gets for one resolution, with all that it downloads and builds for it."""

# `name==1.0  # via -r requirements.in, other-name`
_PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?:\s+# via (?P<origins>.*))?")


def pins(annotated: str) -> Iterator[Tuple[str, str, List[str]]]:
    """Name, version and who requires it, for each line that uv wrote with line annotations.

    Raises:
        ValueError: a line pins no version of an index, which uv writes of URLs and folders.
    """
    for line in filter(None, map(str.strip, annotated.splitlines())):
        if line.startswith("#"):
            continue
        match = _PIN.fullmatch(line)
        if not match:
            raise ValueError(line.partition("  # ")[0].strip())
        origins = (match["origins"] or "").split(", ")
        yield match["name"], match["version"], [o for o in origins if o and o[0] != "-"]


def _file(kind: str, data: Dict[str, Any]) -> Dict[str, Any]:
    return {
        "kind": kind,
        "file": unquote(urlsplit(data["url"]).path.rpartition("/")[2]),
        "size": data["size"],
        "sha256": data["hashes"]["sha256"],
    }


def files(pylock: str) -> Dict[str, List[Dict[str, Any]]]:
    """Files of each distribution in a pylock.toml. Source: PEP 751."""
    result = {}
    for package in tomli.loads(pylock)["packages"]:
        wheels = [_file("wheel", wheel) for wheel in package.get("wheels", [])]
        sdists = [_file("sdist", package["sdist"])] if "sdist" in package else []
        result[package["name"]] = wheels + sdists
    return result


class Uv:
    """The solver.

    Args:
        wheel: The wheel that holds the program.
        cache: Where it keeps what it downloads.
        request: See `wheels.util_rules.solve`.
        python: Command of the Python that builds what has no static metadata.
        settings: Which index is asked.
        patience: Seconds after which a resolution is given up.
    """

    def __init__(
        self,
        wheel: Path,
        cache: Path,
        request: Dict[str, Any],
        python: str,
        settings: PipSettings,
        patience: float = PATIENCE,
    ) -> None:
        self._request = request
        self._patience = patience
        self._program = Path("uv").absolute()
        with zipfile.ZipFile(wheel) as archive:
            (member,) = (n for n in archive.namelist() if n.endswith(".data/scripts/uv"))
            self._program.write_bytes(archive.read(member))
        self._program.chmod(0o755)
        default, *extra = settings.indexes
        self._options = [
            "--no-config",
            f"--cache-dir={cache.absolute()}",
            f"--default-index={default}",
            *(f"--index={url}" for url in extra),
            f"--python={python}",
            f"--python-version={request['python_version']}",
            f"--python-platform={request['platform']}",
            f"--exclude-newer={request['exclude_newer']}",
            *(f"--allow-insecure-host={host}" for host in settings.trusted_hosts),
        ]
        # What builds run in must not see our own code and libraries.
        own = ("PYTHONPATH", "PYTHONHOME")
        inherited = {name: value for name, value in os.environ.items() if name not in own}
        self._env = {**inherited, "HOME": os.getcwd(), "NO_COLOR": "1"}
        if isinstance(settings.verify, str):
            self._env["SSL_CERT_FILE"] = settings.verify

    def _unresolved(self, why: str) -> SandboxError:
        lock, resolve = self._request["lock"], self._request["resolve"]
        return SandboxError(f"{lock}: the requirements of '{resolve}' cannot be resolved. {why}")

    def _run(self, command: Sequence[str]) -> Tuple[int, str]:
        """Exit status and stderr of uv, which gets no more than `self._patience` seconds."""
        with subprocess.Popen(
            command,
            env=self._env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                _, stderr = process.communicate(timeout=self._patience)
            except BaseException as error:
                # With the builds that it has started, which would go on.
                os.killpg(process.pid, signal.SIGKILL)
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                raise self._unresolved(
                    f"uv was stopped, since it had no result after {self._patience:g} s. Require "
                    "exact versions of more packages, or try again if the index was slow."
                ) from None
        return process.returncode, stderr

    def compile(self, requirements: Sequence[str], output: Path, *options: str) -> str:
        """Resolve into a file; the lines in it, if it exists, are what uv would rather keep.

        Raises:
            SandboxError: there is no solution, or none in time.
        """
        Path("requirements.in").write_text("".join(f"{each}\n" for each in requirements))
        command = [str(self._program), "pip", "compile", "--quiet", "requirements.in"]
        command += [f"--output-file={output}", *options]
        status, stderr = self._run([*command, *self._options])
        if status:
            raise self._unresolved(reason(stderr))
        return output.read_text()


def solve(uv: Uv, request: Dict[str, Any]) -> List[Dict[str, Any]]:
    """The distributions of a resolve: name, version, required_by, files.

    Raises:
        SandboxError: the requirements cannot be resolved, or not to versions of an index.
    """
    annotated, constraints = Path("pins.txt"), Path("constraints.txt")
    annotated.write_text("\n".join(request["preferences"]) + "\n")
    constraints.write_text("\n".join(request["constraints"]) + "\n")
    compiled = uv.compile(
        request["requirements"],
        annotated,
        "--annotation-style=line",
        f"--constraints={constraints}",
    )
    try:
        pinned = list(pins(compiled))
    except ValueError as error:
        raise SandboxError(
            f"{request['lock']}: '{request['resolve']}' requires `{error}`, and a lock holds only "
            "versions of an index. Publish it to an index, and require `name==version`."
        ) from None
    # Each of them is named: nothing is built to ask again what it requires.
    exact = [f"{name}=={version}" for name, version, _ in pinned]
    by_name = files(uv.compile(exact, Path("pylock.toml"), "--no-deps"))
    return [
        {"name": name, "version": version, "required_by": origins, "files": by_name[name]}
        for name, version, origins in pinned
    ]


def main() -> None:
    """Resolve what a request asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--request", type=Path, required=True)
    parser.add_argument("--uv", type=Path, required=True, help="the wheel of uv")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    request = json.loads(args.request.read_text())
    uv = Uv(args.uv, args.cache, request, args.python, read_pip_settings())
    distributions = solve(uv, request)
    args.output.write_text(json.dumps(distributions))


if __name__ == "__main__":
    run(main)
