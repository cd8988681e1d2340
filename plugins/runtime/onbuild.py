"""What happens first in an image that is built on a release: a project's files become an image."""

from __future__ import annotations

SHELL = ("/bin/bash", "-o", "pipefail", "-e", "-u", "-x", "-c")
"""The shell of RUN steps in the project's own Dockerfile.

OCI's image format has no such field: what builds in it (Buildah, Podman) runs every step by
`/bin/sh -c`.
"""

ONBUILD = (
    "COPY packages.txt .",
    "USER root",
    # Neither Windows' line ends nor comments, whatever their encoding, are packages. The one pipe
    # ends in the command that can fail, as not every shell knows `pipefail`.
    "RUN set -eux; "
    "packages=\"$(LC_ALL=C sed -e 's/\\r/\\n/g' -e 's/#[^\\n]*//g' packages.txt)\"; "
    'case "$packages" in *[![:space:]]*) '
    "apt-get update; "
    "printf '%s\\n' \"$packages\" | xargs apt-get install -y --no-install-recommends; "
    "apt-get clean; rm -rf /var/lib/apt/lists/*;; esac",
    "COPY requirements.txt .",
    # Airflow comes with the image. An upgrade by requirement would leave an untested mixture. The
    # variable is an option of pip 22.1 and later, and earlier ones ignore it.
    "RUN set -eux; if grep -Eqx 'apache-airflow\\s*[=~>]{1,2}.*' requirements.txt; then "
    "echo >&2 \"Do not upgrade by specifying 'apache-airflow' in your requirements.txt, "
    'change the base image instead!"; exit 1; fi; '
    "PIP_ROOT_USER_ACTION=ignore pip install --no-cache-dir -r requirements.txt",
    "USER astro",
    "COPY --chown=astro:0 . .",
)
"""Dockerfile steps, in order, for any POSIX shell."""
