"""Options of the backend."""

from __future__ import annotations

from pants.engine.goal import GoalSubsystem, Outputting
from pants.option.option_types import BoolOption, EnumOption, StrListOption, StrOption
from pants.util.strutil import softwrap
from vulnerabilities.reading.advisory import Severity

_PLACES = """
A path or an https URL, which `#sha256=HEX` may follow: then a file with another hash is an error.
"""


class VulnerabilitiesSubsystem(Outputting, GoalSubsystem):
    """Options of `[vulnerabilities]`."""

    name = "vulnerabilities"
    help = softwrap(
        """
        Say which known vulnerabilities images have, in which layer, which version fixes each, and
        what one bump of a lock would fix. Builds what is not built yet.
        """
    )

    pypa_database = StrOption(
        default=None,
        help=softwrap(
            f"""
            Advisories about Python packages in the OSV format: a checkout of the PyPA advisory
            database, or a zip or tar of its files. {_PLACES}
            """
        ),
    )
    security_tracker = StrOption(
        default=None,
        help=softwrap(f"The data of Debian's security tracker, as JSON. {_PLACES}"),
    )
    waivers = StrOption(
        default="versions/waivers.yaml",
        help="The vulnerabilities that are waived, each with a reason and the last day.",
    )
    json = BoolOption(default=False, help="Write JSON instead of tables.")
    fail_on = EnumOption(
        default=None,
        enum_type=Severity,
        help=softwrap(
            """
            Exit with 1 if an image has a vulnerability of this severity or a worse one that is not
            waived, or a suite that the security tracker does not list. `unknown` stands below
            `low`; what Debian calls unimportant never counts.
            """
        ),
    )
    env_vars = StrListOption(
        default=[
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "NO_PROXY",
            "REQUESTS_CA_BUNDLE",
            "SSL_CERT_FILE",
            "http_proxy",
            "https_proxy",
            "no_proxy",
        ],
        advanced=True,
        help="Environment variables that downloads of advisories see, as `NAME` or `NAME=VALUE`.",
    )
