from __future__ import annotations

import datetime

from vulnerabilities.document import report_document
from vulnerabilities.findings import Advisories
from vulnerabilities.reading.advisory import Severity, Span
from vulnerabilities.report import Report, make_report
from vulnerabilities.testutil import advisory, debian, image, layer, python
from vulnerabilities.text import WIDTH, report_lines, runs
from vulnerabilities.waivers import Waiver

TODAY = datetime.date(2026, 11, 25)

OS = layer("os", "bullseye.lock", debian("openssl", "1.1.1w-0+deb11u3", "libssl1.1"))


IMAGES = [
    image(release, OS, layer("app", f"{release}.lock", python("urllib3", version)))
    for release, version in (("5.0.5", "1.26.9"), ("5.0.6", "1.26.9"), ("5.0.7", "1.26.18"))
]

ADVISORIES = Advisories(
    [
        advisory("CVE-1", "openssl", Span("", fixed="1.1.1w-0+deb11u4"), suite="bullseye"),
        advisory("CVE-2", "openssl", Span(""), suite="bullseye", severity=Severity.UNIMPORTANT),
        advisory("CVE-3", "openssl", Span(""), suite="bullseye", undetermined=True),
        advisory("PYSEC-1", "urllib3", Span("", fixed="1.26.17")),
        # What the fix of the one before has, and the version that is installed has not.
        advisory("PYSEC-2", "urllib3", Span("1.26.15", fixed="1.26.18")),
    ]
)


def waiver(advisory_: str, expires: datetime.date, *releases: str) -> Waiver:
    return Waiver("waivers.yaml: `waivers[0]", advisory_, (), releases, "It is so.", expires)


def report(*waivers: Waiver) -> Report:
    return make_report(IMAGES, ADVISORIES, waivers, TODAY, ["/advisories"])


def found(report_: Report) -> "dict[str, list[str]]":
    return {
        each.image.release: [finding.id for finding in each.findings if finding.counts]
        for each in report_.images
    }


def test_each_image_has_the_vulnerabilities_of_its_layers() -> None:
    assert found(report()) == {
        "5.0.5": ["CVE-1", "PYSEC-1"],
        "5.0.6": ["CVE-1", "PYSEC-1"],
        "5.0.7": ["CVE-1"],
    }


def test_images_fail_by_what_they_have_and_by_what_nobody_can_know() -> None:
    gap = "tracker.json does not list bullseye."
    unknown = make_report(IMAGES, ADVISORIES, (), TODAY, ["/advisories"], [gap])
    none = make_report([], ADVISORIES, (), TODAY, ["/advisories"], [gap])
    worst = "An image has a vulnerability of severity high that is not waived."

    assert report().failures(Severity.HIGH) == report().failures(Severity.LOW) == (worst,)
    assert report().failures(Severity.CRITICAL) == ()
    assert unknown.failures(Severity.HIGH) == (worst, gap)
    assert none.failures(Severity.CRITICAL) == (gap,)
    assert list(report_lines(none))[-1] == gap
    assert report_document(none)["gaps"] == [gap]


def test_a_bump_goes_where_no_advisory_is_left() -> None:
    bumps = [
        (bump.package.name, bump.version, bump.locks, bump.fixes, len(bump.images))
        for bump in report().bumps
    ]

    assert bumps == [
        ("openssl", "1.1.1w-0+deb11u4", ("3rdparty/bullseye.lock",), ("CVE-1",), 3),
        (
            "urllib3",
            "1.26.18",
            ("3rdparty/5.0.5.lock", "3rdparty/5.0.6.lock"),
            ("PYSEC-1",),
            2,
        ),
    ]


def test_a_waiver_holds_for_its_releases_up_to_its_last_day() -> None:
    waived = report(waiver("PYSEC-1", TODAY, "5.0.6"))

    assert found(waived)["5.0.5"] == ["CVE-1", "PYSEC-1"]
    assert found(waived)["5.0.6"] == ["CVE-1"]
    assert waived.bumps[1].locks == ("3rdparty/5.0.5.lock",)
    yesterday = waiver("PYSEC-1", TODAY - datetime.timedelta(1))
    assert found(report(yesterday)) == found(report())
    assert "waived no more since 2026-11-24" in report(yesterday).notes[0]


def test_a_waiver_that_nothing_needs_is_told() -> None:
    (note,) = report(waiver("CVE-2000-1", TODAY)).notes
    assert note == (
        "waivers.yaml: `waivers[0]`: CVE-2000-1 is waived, and none of these images has it."
    )


def test_the_worst_counts_for_an_exit_code() -> None:
    assert report().worst() == Severity.HIGH
    everything = [waiver("CVE-1", TODAY), waiver("PYSEC-1", TODAY)]
    assert report(*everything).worst() == Severity.UNIMPORTANT


def test_the_text_tells_what_layers_have_in_common_once() -> None:
    lines = list(report_lines(report()))

    assert lines.count("layers/os, in 5.0.5 to 5.0.7") == 1
    assert "layers/app, in 5.0.5, 5.0.6" in lines
    assert "  besides: 1 unimportant, 1 undetermined" in lines
    assert "  high      CVE-1     openssl 1.1.1w-0+deb11u3  1.1.1w-0+deb11u4" in lines
    assert any(line.split()[-4:] == ["5.0.5,", "5.0.6", "1", "2"] for line in lines)


def test_the_text_fits_into_a_terminal() -> None:
    name = "apache-airflow-providers-with-a-very-long-name-indeed"
    long = python(name, "1.2.3.4.5.6.7.8+local.version.of.ours", inside="another-long-name")
    said = advisory("GHSA-xxxx-yyyy-zzzz-and-more", name, Span("", fixed="2.0.0.post1234567890123"))
    images = [image(f"5.0.{n}", layer("app", f"5.0.{n}.lock", long)) for n in range(0, 60, 2)]
    made = make_report(images, Advisories([said]), [], TODAY, ["/a/long/path" * 20])

    assert max(map(len, report_lines(made))) <= WIDTH


def test_the_document_has_what_the_text_leaves_out() -> None:
    document = report_document(report(waiver("PYSEC-1", TODAY, "5.0.6")))
    os_layer, app_layer = document["images"][1]["layers"]

    assert {each["id"] for each in os_layer["findings"]} == {"CVE-1", "CVE-2", "CVE-3"}
    assert os_layer["findings"][0]["debianPackages"] == ["libssl1.1"]
    assert app_layer["waived"][0]["waiver"] == {"reason": "It is so.", "expires": "2026-11-25"}
    assert document["bumps"][0]["images"] == ["runtime:5.0.5", "runtime:5.0.6", "runtime:5.0.7"]


def test_names_that_follow_each_other_are_a_range() -> None:
    everything = ["5.0.9", "5.0.10", "5.0.11", "5.0.12", "5.0.13"]

    assert runs(["5.0.9", "5.0.10", "5.0.11", "5.0.13"], everything) == "5.0.9 to 5.0.11, 5.0.13"
    assert runs(["5.0.9", "5.0.10"], everything) == "5.0.9, 5.0.10"
