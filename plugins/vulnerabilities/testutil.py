"""Small advisories and images for tests."""

from __future__ import annotations

from vulnerabilities.installed import Ecosystem, Installed, InstalledImage, InstalledLayer
from vulnerabilities.reading.advisory import Advisory, Severity, Span


def advisory(id_: str, package: str, *spans: Span, **fields: object) -> Advisory:
    """An advisory; what is not given is that of a serious one about a Python package."""
    defaults = {
        "aliases": (),
        "suite": "",
        "severity": Severity.HIGH,
        "summary": "Something can be done to it.",
    }
    values = {**defaults, **fields}
    return Advisory(id=id_, package=package, spans=spans, **values)  # type: ignore[arg-type]


def python(name: str, version: str, inside: str = "") -> Installed:
    return Installed(Ecosystem.PYTHON, name, version, inside=inside)


def debian(source: str, version: str, *binaries: str) -> Installed:
    return Installed(Ecosystem.DEBIAN, source, version, "bullseye", binaries)


def image(release: str, *layers: InstalledLayer, tag: str = "") -> InstalledImage:
    """An image of a release; its tag is the release if none is given."""
    tag = tag or release
    return InstalledImage(f"runtime:{tag}", f"versions/{release}:{tag}", release, layers)


def layer(role: str, lock: str, *packages: Installed) -> InstalledLayer:
    """A layer of the packages of a lock: `layer("app", "5.0.6.lock", ...)`."""
    resolve = lock.rpartition(".")[0]
    return InstalledLayer(f"layers/{role}@resolve={resolve}", f"3rdparty/{lock}", packages)
