"""Bills of materials in CycloneDX 1.6. Source: its JSON schema."""

from __future__ import annotations

from typing import Any

from oci.contents import ImageContents, LayerContents, PackageContents
from oci.format.mtree import PathInfo
from oci.sbom.bill import TOOL, ListedPackage, Subject, distribution, loose_files, packages
from oci.sbom.dependencies import dependencies
from oci.sbom.licences import NOASSERTION, expression, identifier

MEDIA_TYPE = "application/vnd.cyclonedx+json"


def _licences(statements: tuple[str, ...]) -> list[dict[str, Any]]:
    spdx = expression(statements)
    if spdx == NOASSERTION:
        return []
    if len(statements) == 1 and " " not in spdx:
        known = identifier(statements[0])
        return [{"license": {"id": known} if known else {"name": statements[0]}}]
    return [{"expression": spdx}]


def _properties(layer: LayerContents, **more: str) -> list[dict[str, str]]:
    descriptor = layer.descriptor
    values = {
        "oci:layer:diffID": descriptor.diff_id,
        "oci:layer:target": descriptor.target,
        **{f"oci:package:{name}": value for name, value in more.items()},
    }
    return [{"name": name, "value": value} for name, value in values.items()]


def _component(contents: PackageContents, ref: str) -> dict[str, Any]:
    licences = _licences(contents.package.licences)
    return {
        "type": "library",
        "bom-ref": ref,
        "name": contents.name,
        "version": contents.version,
        "purl": contents.package.purl,
        **({"licenses": licences} if licences else {}),
    }


def _package(listed: ListedPackage) -> dict[str, Any]:
    contents = listed.contents
    package = contents.package
    carried = [
        # The same package may be installed, too, and carried by several.
        _component(each, f"{package.purl}#{each.package.purl}")
        for each in listed.carried
    ]
    return {
        **_component(contents, package.purl),
        "hashes": [{"alg": "SHA-256", "content": package.sha256}],
        "properties": _properties(listed.layer, file=package.file, unpackedSize=str(contents.size)),
        **({"components": carried} if carried else {}),
    }


def _operating_system(contents: ImageContents) -> list[dict[str, Any]]:
    """Where scanners look for the distribution whose advisories count."""
    name, version = distribution(contents)
    if not name:
        return []
    component = {"type": "operating-system", "bom-ref": f"os:{name}-{version}", "name": name}
    return [{**component, "version": version} if version else component]


def _dependencies(subject: Subject) -> list[dict[str, Any]]:
    """Who needs whom; the image needs what no package of it needs."""
    edges = dependencies(subject.contents, subject.platform)
    needed = {purl for purls in edges.values() for purl in purls}
    tops = [purl for purl in edges if purl not in needed]
    return [
        {"ref": subject.purl, "dependsOn": tops},
        *({"ref": purl, "dependsOn": purls} for purl, purls in edges.items()),
    ]


def _file(layer: LayerContents, info: PathInfo) -> dict[str, Any]:
    return {
        "type": "file",
        "bom-ref": f"{layer.descriptor.diff_id}/{info.path}",
        "name": f"/{info.path}",
        "hashes": [{"alg": "SHA-256", "content": info.sha256}],
        "properties": _properties(layer),
    }


def cyclonedx_document(subject: Subject) -> dict[str, Any]:
    """The bill of an image."""
    contents = subject.contents
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": subject.urn("cyclonedx"),
        "version": 1,
        "metadata": {
            "timestamp": subject.created,
            "tools": {"components": [{"type": "application", "name": TOOL}]},
            "component": {
                "type": "container",
                "bom-ref": subject.purl,
                "name": subject.repository,
                "version": subject.tag,
                "purl": subject.purl,
                "hashes": [{"alg": "SHA-256", "content": subject.sha256}],
            },
        },
        "components": [
            *_operating_system(contents),
            *(_package(listed) for listed in packages(contents)),
            *(_file(layer, info) for layer, info in loose_files(contents)),
        ],
        "dependencies": _dependencies(subject),
    }
