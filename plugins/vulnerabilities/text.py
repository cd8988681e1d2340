"""The report as tables for the terminal, 100 columns wide."""

from __future__ import annotations

import os
import textwrap
from typing import Iterator, Sequence

from oci.natural_order import natural_order
from oci.report import table
from vulnerabilities.bumps import Bump
from vulnerabilities.findings import Finding
from vulnerabilities.reading.advisory import Severity
from vulnerabilities.report import ImageReport, LayerReport, Report

WIDTH = 100

_SHOWN = [severity for severity in reversed(Severity) if severity != Severity.UNIMPORTANT]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def runs(chosen: Sequence[str], everything: Sequence[str]) -> str:
    """Names, where three or more that follow each other among all are told as a range."""
    order = sorted(set(everything), key=natural_order)
    groups: list[list[str]] = []
    previous = -2
    for place, name in enumerate(order):
        if name not in chosen:
            continue
        if place == previous + 1:
            groups[-1].append(name)
        else:
            groups.append([name])
        previous = place
    parts: list[str] = []
    for group in groups:
        parts += [f"{group[0]} to {group[-1]}"] if len(group) > 2 else group
    return ", ".join(parts)


def _tags(references: Sequence[str]) -> list[str]:
    """References without their repository, where all have the same one."""
    repositories = {reference.rpartition(":")[0] for reference in references}
    alike = len(repositories) == 1
    return [each.rpartition(":")[2] if alike else each for each in references]


def _wrapped(text: str, indent: str = "") -> Iterator[str]:
    yield from textwrap.wrap(
        text, WIDTH, subsequent_indent=f"{indent}  ", initial_indent=indent, break_on_hyphens=False
    )


def _summary(images: Sequence[ImageReport]) -> Iterator[str]:
    def cells(report: ImageReport) -> tuple[str, ...]:
        waived = sum(len(layer.waived) for layer in report.layers)
        counts = (*(report.count(severity) for severity in _SHOWN), waived)
        return (
            _cut(report.image.reference, 36),
            *(str(count) if count else "-" for count in counts),
        )

    head = ("image", *(severity.value for severity in _SHOWN), "waived")
    yield from table(
        [head, *(cells(report) for report in images)], right=frozenset(range(1, len(head)))
    )


def _package(finding: Finding) -> str:
    package = finding.package
    inside = f" (in {package.inside})" if package.inside else ""
    return f"{package.name} {package.version}{inside}"


def _fix(finding: Finding) -> str:
    if finding.last_affected:
        return f"later than {finding.last_affected}"
    return finding.fixed or "-"


def _row(finding: Finding) -> tuple[str, ...]:
    return (
        finding.advisory.severity.value,
        _cut(finding.id, 20),
        _cut(_package(finding), 38),
        _cut(_fix(finding), 24),
    )


def _besides(layer: LayerReport) -> str:
    findings = layer.findings
    undetermined = sum(each.advisory.undetermined for each in findings)
    unimportant = len(findings) - undetermined - sum(each.counts for each in findings)
    parts = [
        f"{number:,} {what}"
        for number, what in (
            (len(layer.waived), "waived"),
            (unimportant, "unimportant"),
            (undetermined, "undetermined"),
        )
        if number
    ]
    return f"besides: {', '.join(parts)}" if parts else ""


def _layers(images: Sequence[ImageReport]) -> Iterator[str]:
    """A table for each layer; layers of the same role that have the same are told once."""
    blocks: dict[tuple[str, tuple[tuple[str, ...], ...], str], list[str]] = {}
    for report in images:
        for layer in report.layers:
            rows = tuple(dict.fromkeys(_row(each) for each in layer.findings if each.counts))
            besides = _besides(layer)
            if rows or besides:
                block = blocks.setdefault((layer.layer.role, rows, besides), [])
                block.append(report.image.reference)
    everything = _tags([report.image.reference for report in images])
    names = dict(zip((report.image.reference for report in images), everything))
    for (role, rows, besides), references in blocks.items():
        yield ""
        where = runs([names[each] for each in references], everything)
        yield from _wrapped(f"{role}, in {where}")
        if rows:
            head = ("severity", "advisory", "package", "fixed in")
            yield from table([head, *rows])
        if besides:
            yield f"  {besides}"


def _bump_row(bump: Bump, everything: Sequence[str]) -> tuple[str, ...]:
    locks = [os.path.basename(lock).rpartition(".")[0] for lock in bump.locks]
    return (
        _cut(f"{bump.package.name} {bump.package.version} -> {bump.version}", 54),
        _cut(runs(locks, everything), 20),
        str(len(bump.fixes)),
        str(len(bump.images)),
    )


def _bumps(bumps: Sequence[Bump]) -> Iterator[str]:
    everything = [
        os.path.basename(lock).rpartition(".")[0] for bump in bumps for lock in bump.locks
    ]
    head = ("bump of a lock", "lock", "fixes", "images")
    rows = [_bump_row(bump, everything) for bump in bumps]
    yield from table([head, *rows], right=frozenset({2, 3}))


def report_lines(report: Report) -> Iterator[str]:
    """Everything that matters; JSON has the rest."""
    for origin in report.origins:
        yield from _wrapped(f"advisories: {origin}")
    yield ""
    yield from _summary(report.images)
    yield from _layers(report.images)
    if report.bumps:
        yield ""
        yield from _bumps(report.bumps)
    for note in (*report.notes, *report.gaps):
        yield ""
        yield from _wrapped(note)
