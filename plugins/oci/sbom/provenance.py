"""Where an image comes from, as an in-toto statement with SLSA provenance.

Source: in-toto attestation framework, statement v1; SLSA provenance v1.
"""

from __future__ import annotations

from typing import Any

from oci.sbom.bill import Subject, loose_files, packages

MEDIA_TYPE = "application/vnd.in-toto+json"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"

BUILD_TYPE = "urn:pants-oci:layers:1"
"""Layers built by the targets that `externalParameters` names, from the files that
`resolvedDependencies` lists and from nothing else."""


def provenance_document(
    subject: Subject, builder: str, internal_parameters: dict[str, Any]
) -> dict[str, Any]:
    """The statement about an image.

    Args:
        subject: The image.
        builder: URI of what built it.
        internal_parameters: What decides over its bytes besides the sources.
    """
    contents = subject.contents
    sources = [
        {
            "name": listed.contents.package.file,
            "uri": listed.contents.package.purl,
            "digest": {"sha256": listed.contents.package.sha256},
        }
        for listed in packages(contents)
    ]
    sources += [
        {"name": f"/{info.path}", "digest": {"sha256": info.sha256}}
        for _, info in loose_files(contents)
    ]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": contents.reference, "digest": {"sha256": subject.sha256}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "target": contents.target,
                    "layers": [layer.descriptor.target for layer in contents.layers],
                },
                "internalParameters": internal_parameters,
                "resolvedDependencies": sources,
            },
            "runDetails": {"builder": {"id": builder}},
        },
    }
