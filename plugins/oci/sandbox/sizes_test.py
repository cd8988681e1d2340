from __future__ import annotations

from oci.sandbox.sizes import human_size


def test_sizes_are_in_decimal_units() -> None:
    assert [human_size(size) for size in (9, 1_200, 278_100_000, 1_500_000_000)] == [
        "9 B",
        "1.2 kB",
        "278.1 MB",
        "1.5 GB",
    ]
