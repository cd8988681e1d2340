"""Small releases for tests."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Mapping

from pants.util.frozendict import FrozenDict
from runtime.catalogue import Catalogue, Release
from runtime.debian_notes import DebianFacts
from runtime.manifest import Manifest
from runtime.policy import Policy, parse_policy
from runtime.published import DebianState, Published, PublishedLayer, PublishedRelease

POLICY_PATH = "versions/policy.yaml"

DEBIAN = DebianState("2026-09-12", FrozenDict({"openssl": "1.1.1w-0+deb11u8"}))


def make_manifest(release: str, **fields: object) -> Manifest:
    """A manifest; what is not given is that of a small 5.0.6."""
    defaults = {
        "path": f"versions/{release}/release.yaml",
        "release": release,
        "date": datetime.date(2022, 7, 11),
        "airflow": "2.3.3",
        "suite": "bullseye",
        "python": "3.9",
        "extras": ("statsd",),
        "providers": FrozenDict({"amazon": "4.0.0"}),
        "packages": FrozenDict({"astronomer-providers[all]": "1.6.0", "pip": "22.1.2"}),
        "resolved": datetime.date(2022, 7, 12),
        "constraints": "3rdparty/python/constraints/airflow-2.3.3.txt",
        "unconstrained": ("boto3",),
    }
    return Manifest(**{**defaults, **fields})  # type: ignore[arg-type]


def make_release(manifest: Manifest, packages: Mapping[str, str] = {}) -> Release:
    """A release whose lock holds what its manifest names, and these packages."""
    return Release(
        manifest=manifest,
        manifest_hash=f"manifest of {manifest.release}",
        lock_path=f"3rdparty/python/{manifest.release}.lock",
        lock_hash=f"lock of {manifest.release}",
        packages=FrozenDict(
            {
                "apache-airflow": manifest.airflow,
                **{f"apache-airflow-providers-{k}": v for k, v in manifest.providers.items()},
                **{name.partition("[")[0]: v for name, v in manifest.packages.items()},
                **packages,
            }
        ),
        highlights="",
    )


def make_policy(**exceptions: Mapping[str, str]) -> Policy:
    """The repository's rules, with these exceptions: `r5_0_6={"calls_for": ...}`."""
    lines = ["exceptions:"]
    for name, fields in exceptions.items():
        lines.append(f"  {name[1:].replace('_', '.')}:")
        lines += [f"    {field}: {value}" for field, value in fields.items()]
    text = Path(POLICY_PATH).read_text()
    start, end = text.index("\nexceptions:"), text.index("\n\n# Runtime's policy")
    return parse_policy(POLICY_PATH, "\n".join([text[:start], *lines, text[end:]]).encode())


def seal(
    release: Release, layers: Mapping[str, int] = {"os": 30_000_000}, debian: DebianState = DEBIAN
) -> PublishedRelease:
    """The seal of a release as it is, with layers of these names, and so contents, and sizes."""
    assert release.lock_hash
    return PublishedRelease(
        manifest=release.manifest_hash,
        lock=release.lock_hash,
        debian=debian,
        settings=FrozenDict({"LANG": "C.UTF-8"}),
        layers=tuple(
            PublishedLayer(name, f"sha256:{name} {size}", f"sha256:{name}", size)
            for name, size in layers.items()
        ),
    )


def make_catalogue(
    *releases: Release, seals: Mapping[str, PublishedRelease] = {}, policy: Policy | None = None
) -> Catalogue:
    """A catalogue of releases, of which some are published."""
    return Catalogue(
        releases=releases,
        policy=policy or make_policy(),
        published_path="versions/published.json",
        published=Published(FrozenDict(seals)),
    )


FACTS = {"bullseye": DebianFacts("bullseye", DEBIAN, "2022-02-22", ())}
