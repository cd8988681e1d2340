"""Bills of materials in SPDX 2.3. Source: the specification and its JSON schema."""

from __future__ import annotations

from typing import Any

from oci.contents import LayerContents, PackageContents
from oci.format.mtree import PathInfo
from oci.sbom.bill import TOOL, Subject, loose_files, packages
from oci.sbom.dependencies import dependencies
from oci.sbom.licences import NOASSERTION, expression, names, reference

MEDIA_TYPE = "application/spdx+json"

_IMAGE = "SPDXRef-image"


def _checksum(sha256: str) -> list[dict[str, str]]:
    return [{"algorithm": "SHA256", "checksumValue": sha256}]


def _purl(purl: str) -> list[dict[str, str]]:
    return [
        {
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": purl,
        }
    ]


def _element(spdx_id: str, name: str, purpose: str, sha256: str, **more: Any) -> dict[str, Any]:
    return {
        "SPDXID": spdx_id,
        "name": name,
        "primaryPackagePurpose": purpose,
        **({"checksums": _checksum(sha256)} if sha256 else {}),
        # Where a file was fetched from is a matter of the machine that built.
        "downloadLocation": NOASSERTION,
        "filesAnalyzed": False,
        "licenseConcluded": NOASSERTION,
        "licenseDeclared": NOASSERTION,
        "copyrightText": NOASSERTION,
        **more,
    }


def _layer(spdx_id: str, layer: LayerContents) -> dict[str, Any]:
    sha256 = layer.descriptor.diff_id.partition(":")[2]
    return _element(spdx_id, layer.descriptor.target, "ARCHIVE", sha256)


def _package(spdx_id: str, contents: PackageContents) -> dict[str, Any]:
    package = contents.package
    # What another package carries was made from files that nobody knows.
    file = {} if package.inside else {"packageFileName": package.file}
    return _element(
        spdx_id,
        contents.name,
        "LIBRARY",
        "" if package.inside else package.sha256,
        versionInfo=contents.version,
        **file,
        licenseDeclared=expression(package.licences),
        externalRefs=_purl(package.purl),
    )


def _file(spdx_id: str, info: PathInfo) -> dict[str, Any]:
    return _element(spdx_id, f"/{info.path}", "FILE", info.sha256)


def _licence_texts(statements: list[str]) -> list[dict[str, str]]:
    # Names that differ in punctuation alone share an identifier, which stands once.
    by_reference = {reference(name): name for name in names(statements)}
    return [
        {
            "licenseId": spdx_id,
            "name": name,
            "extractedText": f"The metadata of the package says: {name}",
        }
        for spdx_id, name in sorted(by_reference.items())
    ]


def spdx_document(subject: Subject) -> dict[str, Any]:
    """The bill of an image: it contains layers, which contain packages and files."""
    contents = subject.contents
    layers = {
        layer.descriptor.diff_id: f"SPDXRef-layer-{number}"
        for number, layer in enumerate(contents.layers, 1)
    }
    elements = [
        _element(
            _IMAGE,
            subject.repository,
            "CONTAINER",
            subject.sha256,
            versionInfo=subject.tag,
            externalRefs=_purl(subject.purl),
        ),
        *(_layer(layers[layer.descriptor.diff_id], layer) for layer in contents.layers),
    ]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", _IMAGE)]
    relations += [(_IMAGE, "CONTAINS", spdx_id) for spdx_id in layers.values()]
    statements: list[str] = []
    ids: dict[str, str] = {}
    for number, listed in enumerate(packages(contents), 1):
        spdx_id = f"SPDXRef-package-{number}"
        ids[listed.contents.package.purl] = spdx_id
        elements.append(_package(spdx_id, listed.contents))
        relations.append((layers[listed.layer.descriptor.diff_id], "CONTAINS", spdx_id))
        statements += listed.contents.package.licences
        for inside, carried in enumerate(listed.carried, 1):
            elements.append(_package(f"{spdx_id}-{inside}", carried))
            relations.append((spdx_id, "CONTAINS", f"{spdx_id}-{inside}"))
            statements += carried.package.licences
    for number, (layer, info) in enumerate(loose_files(contents), 1):
        spdx_id = f"SPDXRef-file-{number}"
        elements.append(_file(spdx_id, info))
        relations.append((layers[layer.descriptor.diff_id], "CONTAINS", spdx_id))
    relations += [
        (ids[purl], "DEPENDS_ON", ids[needed])
        for purl, purls in dependencies(contents, subject.platform).items()
        for needed in purls
    ]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": contents.reference,
        "documentNamespace": subject.urn("spdx"),
        "creationInfo": {"created": subject.created, "creators": [f"Tool: {TOOL}"]},
        "packages": elements,
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relations
        ],
    }
    texts = _licence_texts(statements)
    return {**document, "hasExtractedLicensingInfos": texts} if texts else document
