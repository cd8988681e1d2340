"""What BUILD files, and tests, say of all releases.

Pants reads it before them: it imports nothing, and its constants are hashable.
"""

RELEASES = (
    "4.1.0",
    "4.2.0",
    "4.2.1",
    "4.2.4",
    "4.2.5",
    "4.2.6",
    "5.0.0",
    "5.0.1",
    "5.0.2",
    "5.0.3",
    "5.0.4",
    "5.0.5",
    "5.0.6",
    "5.0.7",
    "5.0.8",
)

EXPERIMENTS = ("3.3-1",)

TESTED_RELEASE = "5.0.6"
"""The release that tests and benchmarks look at where one will do."""

# Each is the name of a library: what changes in the same releases lies in one layer with it.
LIBRARIES = (
    "pyarrow",
    "botocore",
    "google-ads",
    "google-cloud-aiplatform",
    "pandas",
    "virtualenv",
    "lxml",
    "numpy",
    "snowflake-connector-python",
    "grpcio",
    "flask-appbuilder",
)


def image_layers(
    debian: str = "", astro: str = "layers/astro", files: str = "layers/astro:files"
) -> list[str]:
    """The layers of a release. The bottom changes least and is shared most.

    Args:
        debian: What stands behind the names of the layers of Debian: `:bookworm` for example.
        astro: The layer of our own package.
        files: The layer of its scripts and settings.
    """
    wheels = [
        "layers/libraries:others",
        *(f"layers/libraries:{name}" for name in LIBRARIES),
        "layers/airflow",
        "layers/providers",
        "layers/providers:constraints",
    ]
    return [
        f"layers/os{debian}",
        f"layers/python{debian}",
        *(f"{layer}@resolve={{release}}" for layer in wheels),
        astro,
        files,
    ]
