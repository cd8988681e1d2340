"""The report: what each image has, what is waived, and what a bump of a lock would fix."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Iterable, Sequence

from vulnerabilities.bumps import Bump, LockFindings, bumps
from vulnerabilities.findings import Advisories, Finding
from vulnerabilities.installed import InstalledImage, InstalledLayer
from vulnerabilities.reading.advisory import Severity
from vulnerabilities.waivers import Waiver


@dataclass(frozen=True)
class WaivedFinding:
    """A finding that somebody has looked at."""

    finding: Finding
    waiver: Waiver


@dataclass(frozen=True)
class LayerReport:
    """What a layer has, in one image."""

    layer: InstalledLayer

    findings: tuple[Finding, ...]
    """The worst first."""

    waived: tuple[WaivedFinding, ...]


@dataclass(frozen=True)
class ImageReport:
    """What an image has."""

    image: InstalledImage
    layers: tuple[LayerReport, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all layers."""
        return tuple(finding for layer in self.layers for finding in layer.findings)

    def count(self, severity: Severity) -> int:
        """How many vulnerabilities of a severity somebody should look at."""
        return len(
            {
                (each.id, each.package.name)
                for each in self.findings
                if each.counts and each.advisory.severity == severity
            }
        )


@dataclass(frozen=True)
class Report:
    """What images have."""

    images: tuple[ImageReport, ...]
    bumps: tuple[Bump, ...]

    origins: tuple[str, ...]
    """Where the advisories are from."""

    notes: tuple[str, ...]
    """What a reader should know besides, in sentences."""

    gaps: tuple[str, ...] = ()
    """A sentence for each part of the images that the advisories do not speak of at all."""

    def worst(self) -> Severity:
        """The severity of the worst finding that is not waived."""
        found = [
            each.advisory.severity
            for image in self.images
            for each in image.findings
            if each.counts
        ]
        return max(found, key=lambda each: each.rank, default=Severity.UNIMPORTANT)

    def failures(self, limit: Severity) -> tuple[str, ...]:
        """Why images cannot be said to have nothing as bad as `limit` that is not waived."""
        worst = self.worst()
        found = f"An image has a vulnerability of severity {worst.value} that is not waived."
        return (*([found] if worst.rank >= limit.rank else []), *self.gaps)


def _layer_report(
    layer: InstalledLayer, found: Sequence[Finding], release: str, waivers: Sequence[Waiver]
) -> LayerReport:
    findings, waived = [], []
    for finding in found:
        waiver = next((each for each in waivers if each.covers(finding, release)), None)
        if waiver:
            waived.append(WaivedFinding(finding, waiver))
        else:
            findings.append(finding)
    return LayerReport(layer, tuple(findings), tuple(waived))


def make_report(
    images: Iterable[InstalledImage],
    advisories: Advisories,
    waivers: Sequence[Waiver],
    today: datetime.date,
    origins: Sequence[str],
    gaps: Sequence[str] = (),
) -> Report:
    """Hold images against advisories.

    Args:
        images: What they have installed.
        advisories: All that may be about them.
        waivers: All; those that have expired hold no more.
        today: The day to hold them against.
        origins, gaps: See `Report`.
    """
    valid = [waiver for waiver in waivers if not waiver.expired(today)]
    unclear: set[str] = set()
    known: dict[InstalledLayer, tuple[Finding, ...]] = {}
    reports = []
    for image in images:
        layers = []
        for layer in image.layers:
            if layer not in known:
                findings = advisories.findings(layer.packages)
                known[layer] = findings.found
                unclear.update(findings.unclear)
            layers.append(_layer_report(layer, known[layer], image.release, valid))
        reports.append(ImageReport(image, tuple(layers)))
    used = {each.waiver for report in reports for layer in report.layers for each in layer.waived}
    notes = [
        f"{waiver.path}`: {waiver.advisory} is waived, and none of these images has it."
        for waiver in valid
        if waiver not in used
    ]
    notes += [
        f"{waiver.path}`: {waiver.advisory} is waived no more since {waiver.expires}."
        for waiver in waivers
        if waiver.expired(today)
    ]
    steps = bumps(
        (
            LockFindings(layer.layer.lock, report.image.reference, layer.findings)
            for report in reports
            for layer in report.layers
        ),
        advisories,
    )
    return Report(tuple(reports), steps, tuple(origins), (*sorted(unclear), *notes), tuple(gaps))
