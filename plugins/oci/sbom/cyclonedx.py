"""Bills of materials in CycloneDX 1.6. Source: its JSON schema."""

from __future__ import annotations

from typing import Any

from oci.contents import LayerContents, PackageContents
from oci.sandbox.mtree import PathInfo
from oci.sbom.bill import TOOL, Subject, loose_files, packages
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


def _package(layer: LayerContents, contents: PackageContents) -> dict[str, Any]:
    package = contents.package
    component = {
        "type": "library",
        "bom-ref": package.purl,
        "name": contents.name,
        "version": contents.version,
        "purl": package.purl,
        "hashes": [{"alg": "SHA-256", "content": package.sha256}],
        "properties": _properties(layer, file=package.file, unpackedSize=str(contents.size)),
    }
    licences = _licences(package.licences)
    return {**component, "licenses": licences} if licences else component


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
            *(_package(layer, package) for layer, package in packages(contents)),
            *(_file(layer, info) for layer, info in loose_files(contents)),
        ],
    }
