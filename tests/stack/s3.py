"""A store with Amazon's API, of a container; what it holds is gone with it."""

from __future__ import annotations

from typing import List

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for

URL = "http://127.0.0.1:5000"
KEY, SECRET = "platform-key", "platform-secret"

_START_SECONDS = 120

# Run in its container: the tests need no client of their own.
_CLIENT = f"""
import boto3
client = boto3.session.Session("{KEY}", "{SECRET}", region_name="us-east-1").client(
    "s3", endpoint_url="{URL}"
)
"""


class S3:
    """A server that containers of its network reach at `URL`, with one bucket."""

    def __init__(self, engine: Engine, image: str, network: str, bucket: str) -> None:
        """Start it, and wait until it serves."""
        self._bucket = bucket
        self._container: Container = engine.start(image, network=network)
        wait_for("the S3 API", self._serves, _START_SECONDS, self._container.logs)
        self._python(f"client.create_bucket(Bucket='{bucket}')")

    def keys(self) -> List[str]:
        """Names of all objects, of which there are less than a thousand."""
        found = f"client.list_objects_v2(Bucket='{self._bucket}').get('Contents', [])"
        return self._python(f"for each in {found}: print(each['Key'])").splitlines()

    def close(self) -> None:
        """Remove it with all that it holds."""
        self._container.remove()

    def _serves(self) -> bool:
        return self._container.exec(["curl", "--silent", "--fail", URL]).exit_code == 0

    def _python(self, code: str) -> str:
        return self._container.exec(["python3", "-c", _CLIENT + code]).checked().stdout
