"""What happens first in an image that is built on a release: a project's files become an image."""

from __future__ import annotations

SHELL = ("/bin/bash", "-o", "pipefail", "-e", "-u", "-x", "-c")
"""The shell of these steps, and of RUN steps in the project's own Dockerfile."""

ONBUILD = (
    "COPY packages.txt .",
    "USER root",
    # Windows line ends and comments are common in packages.txt; neither is a package.
    "RUN if [[ -s packages.txt ]]; then "
    "apt-get update && "
    "tr '\\r' '\\n' < packages.txt | sed -e 's/#.*//' | "
    "xargs --no-run-if-empty apt-get install -y --no-install-recommends && "
    "apt-get clean && rm -rf /var/lib/apt/lists/*; fi",
    "COPY requirements.txt .",
    # Airflow comes with the image. An upgrade by requirement would leave an untested mixture.
    "RUN if grep -Eqx 'apache-airflow\\s*[=~>]{1,2}.*' requirements.txt; then "
    "echo >&2 \"Do not upgrade by specifying 'apache-airflow' in your requirements.txt, "
    'change the base image instead!"; exit 1; fi; '
    "pip install --no-cache-dir --root-user-action=ignore -r requirements.txt",
    "USER astro",
    "COPY --chown=astro:0 . .",
)
"""Dockerfile steps, in order."""
