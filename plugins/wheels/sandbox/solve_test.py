from __future__ import annotations

import re

import pytest
from wheels.sandbox.solve import files, pins

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
