"""The report as JSON."""

from __future__ import annotations

from typing import Any

from vulnerabilities.findings import Finding
from vulnerabilities.report import LayerReport, Report, WaivedFinding


def _finding(finding: Finding) -> dict[str, Any]:
    package, advisory = finding.package, finding.advisory
    return {
        "id": finding.id,
        "advisories": sorted(finding.names),
        "severity": advisory.severity.value,
        "summary": advisory.summary,
        "ecosystem": package.ecosystem.value,
        "package": package.name,
        "version": package.version,
        "debianPackages": list(package.binaries),
        "inside": package.inside or None,
        "fixedIn": finding.fixed or None,
        "lastAffected": finding.last_affected or None,
        "undetermined": advisory.undetermined,
        "note": advisory.note or None,
    }


def _waived(waived: WaivedFinding) -> dict[str, Any]:
    waiver = waived.waiver
    return {
        **_finding(waived.finding),
        "waiver": {"reason": waiver.reason, "expires": waiver.expires.isoformat()},
    }


def _layer(layer: LayerReport) -> dict[str, Any]:
    return {
        "target": layer.layer.target,
        "lock": layer.layer.lock or None,
        "findings": [_finding(each) for each in layer.findings],
        "waived": [_waived(each) for each in layer.waived],
    }


def report_document(report: Report) -> dict[str, Any]:
    """Everything that the report says."""
    return {
        "advisories": list(report.origins),
        "images": [
            {
                "reference": each.image.reference,
                "target": each.image.target,
                "release": each.image.release or None,
                "layers": [_layer(layer) for layer in each.layers],
            }
            for each in report.images
        ],
        "bumps": [
            {
                "package": bump.package.name,
                "from": bump.package.version,
                "to": bump.version,
                "locks": list(bump.locks),
                "fixes": list(bump.fixes),
                "images": list(bump.images),
            }
            for bump in report.bumps
        ],
        "notes": list(report.notes),
        "gaps": list(report.gaps),
    }
