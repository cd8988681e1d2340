"""A lone process for tests: writes its pid and its temporary folder to its folder, and stays."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    part = Path(sys.argv[1], "part")
    part.write_text(f"{os.getpid()} {os.environ.get('TMPDIR')}")
    part.rename(part.with_name("pid"))
    time.sleep(120)
