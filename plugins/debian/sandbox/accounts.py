"""User accounts with fixed ids. Source: passwd(5), shadow(5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, Iterable, List

from oci.sandbox.errors import SandboxError

_ACCOUNT = re.compile(r"(\d+):(\d+) (/[A-Za-z0-9._/-]+)")
_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")

_SECONDS_PER_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Account:
    """A user account. Where no group has its group's id yet, a group gets its name."""

    name: str
    uid: int
    gid: int
    home: str


def parse(accounts: Dict[str, str]) -> List[Account]:
    """Read accounts as targets give them: a name, and `UID:GID HOME`.

    Raises:
        ValueError: a name or a value has another form, or two accounts share an id. The message
            goes on where "`accounts`" ends.
    """
    result: List[Account] = []
    for name, text in sorted(accounts.items()):
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"names the account '{name}'. Use lower-case letters, digits, `-` and `_`."
            )
        match = _ACCOUNT.fullmatch(text)
        if not match:
            raise ValueError(
                f"gives '{text}' for {name}. Write `UID:GID HOME`, for example "
                "'50000:0 /home/astro'."
            )
        account = Account(name, int(match[1]), int(match[2]), match[3])
        for other in result:
            if other.uid == account.uid:
                raise ValueError(
                    f"gives {name} the id {account.uid}, which {other.name} has too. Give it "
                    "another."
                )
        result.append(account)
    return result


def creation_script(accounts: Iterable[Account], epoch: int) -> str:
    """Shell that makes the accounts in the system whose folder is its first argument.

    Args:
        accounts: What to make.
        epoch: Seconds; the day of the accounts' last change.
    """
    # Not 0, which would ask for a new password whenever a script runs something as the account.
    day = epoch // _SECONDS_PER_DAY
    lines = ['cd "$1"']
    for account in accounts:
        name, uid, gid, home = account.name, account.uid, account.gid, account.home
        lines += [
            f"if grep -qE '^{name}:|^[^:]*:[^:]*:{uid}:' etc/passwd; then",
            f"  echo 'E: the account {name} ({uid}) exists already' >&2; exit 1",
            "fi",
            f"echo '{name}:x:{uid}:{gid}::{home}:/bin/bash' >>etc/passwd",
            f"echo '{name}:!:{day}:0:99999:7:::' >>etc/shadow",
            f"if ! grep -q '^[^:]*:[^:]*:{gid}:' etc/group; then",
            f"  echo '{name}:x:{gid}:' >>etc/group",
            f"  echo '{name}:!::' >>etc/gshadow",
            "fi",
            f"mkdir -p '.{home}'",
            f"chown {uid}:{gid} '.{home}'",
            f"chmod 0775 '.{home}'",
        ]
    return "".join(f"{line}\n" for line in lines)


def normal_shadow(content: str, epoch: int) -> str:
    """The shadow file with the day of `epoch` as the day of each account's last change.

    Raises:
        SandboxError: an account has a password, or needs none.
    """
    result = []
    for line in content.splitlines():
        fields = line.split(":")
        if not fields[1].startswith(("*", "!")):
            raise SandboxError(
                f"/etc/shadow: the account {fields[0]} is not locked. A package that opens an "
                "account cannot stand in a layer: remove it from `packages`."
            )
        fields[2] = str(epoch // _SECONDS_PER_DAY)
        result.append(":".join(fields))
    return "".join(f"{line}\n" for line in result)
