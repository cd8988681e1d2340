"""Remote storage, by the hooks of Airflow's providers, with objects named by their log's path.

The options are Airflow's own: `[logging] remote_base_log_folder`, `remote_log_conn_id`,
`encrypt_s3_logs`, `google_key_path`.
"""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from typing import Any, Iterable, List, Optional, Tuple, Type
from urllib.parse import urlsplit

from astronomer.runtime.logging.connection import connected

_CONNECT_SECONDS, _READ_SECONDS = 5, 30


class Missing(Exception):
    """There is no such object."""


class Store(ABC):
    """Objects below one folder of a bucket, by their path below it."""

    connection = ""
    """Id of the connection where the operator names none."""

    default = ""
    """That connection, as a URI, where nobody has made it; without one, it has to be made."""

    def __init__(self, base: str) -> None:
        """Connect to the store that a remote log folder names.

        Raises:
            AirflowException: The connection is missing or wrong.
        """
        self.base = base
        self.bucket, self._prefix = self._place(base)
        with connected(self.connection, self._default()) as conn_id:
            self._connect(conn_id)

    def _place(self, base: str) -> Tuple[str, str]:
        url = urlsplit(base)
        return url.netloc, url.path.strip("/")

    def _default(self) -> str:
        return self.default

    def list(self, start: str) -> List[str]:
        """Paths of the objects whose path begins so."""
        skip = len(self._key(""))
        return [key[skip:] for key in self._list(self._key(start))]

    def get(self, path: str) -> bytes:
        """The content of an object.

        Raises:
            Missing: There is none.
        """
        return self._get(self._key(path))

    def put(self, path: str, content: bytes) -> None:
        """Make an object, at once and whole."""
        self._put(self._key(path), content)

    def delete(self, paths: Iterable[str]) -> None:
        """Remove objects."""
        self._delete([self._key(path) for path in paths])

    def _key(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path

    @abstractmethod
    def _connect(self, conn_id: str) -> None:
        """Make the client; all that reads the environment or the connection happens here."""

    @abstractmethod
    def _list(self, prefix: str) -> List[str]:
        ...

    @abstractmethod
    def _get(self, key: str) -> bytes:
        ...

    @abstractmethod
    def _put(self, key: str, content: bytes) -> None:
        ...

    @abstractmethod
    def _delete(self, keys: List[str]) -> None:
        ...


class S3(Store):
    """`s3://bucket/folder`."""

    connection = "astro_s3_logging"
    # The identity of the machine or the pod.
    default = "aws://"

    def _connect(self, conn_id: str) -> None:
        from airflow.configuration import conf
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook
        from botocore.config import Config

        # Botocore's own: a minute, five times.
        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"max_attempts": 1},
        )
        self._encrypt = conf.getboolean("logging", "encrypt_s3_logs")
        self._hook = S3Hook(conn_id, config=config, transfer_config_args={"use_threads": False})
        self._client = self._hook.get_conn()

    def _list(self, prefix: str) -> List[str]:
        return list(self._hook.list_keys(self.bucket, prefix=prefix) or ())

    def _get(self, key: str) -> bytes:
        try:
            # The hook's own `read_key` asks twice, and gives text.
            content: bytes = self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey as error:
            raise Missing(key) from error
        return content

    def _put(self, key: str, content: bytes) -> None:
        self._hook.load_bytes(
            content, key, bucket_name=self.bucket, replace=True, encrypt=self._encrypt
        )

    def _delete(self, keys: List[str]) -> None:
        self._hook.delete_objects(self.bucket, keys)


class Gcs(Store):
    """`gs://bucket/folder`."""

    connection = "astro_gcs_logging"

    def _default(self) -> str:
        from airflow.configuration import conf
        from airflow.models import Connection

        key = conf.get("logging", "google_key_path", fallback="")
        extra = {"extra__google_cloud_platform__key_path": key} if key else {}
        made = Connection(conn_type="google_cloud_platform", extra=json.dumps(extra))
        return str(made.get_uri())

    def _connect(self, conn_id: str) -> None:
        from airflow.providers.google.cloud.hooks.gcs import GCSHook

        self._hook = GCSHook(gcp_conn_id=conn_id)
        self._hook.get_conn()

    def _list(self, prefix: str) -> List[str]:
        return list(self._hook.list(self.bucket, prefix=prefix))

    def _get(self, key: str) -> bytes:
        from google.api_core.exceptions import NotFound  # pants: no-infer-dep

        try:
            content: bytes = self._hook.download(self.bucket, key, timeout=_READ_SECONDS)
        except NotFound as error:
            raise Missing(key) from error
        return content

    def _put(self, key: str, content: bytes) -> None:
        self._hook.upload(
            self.bucket, key, data=content, mime_type="text/plain", timeout=_READ_SECONDS
        )

    def _delete(self, keys: List[str]) -> None:
        for key in keys:
            self._hook.delete(self.bucket, key)


class Wasb(Store):
    """`wasb...`; as Airflow has it, the container is always the same, and the folder is a name."""

    connection = "astro_wasb_logging"

    def _place(self, base: str) -> Tuple[str, str]:
        return "airflow-logs", base.rstrip("/")

    def _connect(self, conn_id: str) -> None:
        from airflow.providers.microsoft.azure.hooks.wasb import WasbHook

        self._hook = WasbHook(conn_id)
        self._container = self._hook.blob_service_client.get_container_client(self.bucket)

    def _list(self, prefix: str) -> List[str]:
        # The hook's own list knows one folder at a time.
        return [blob.name for blob in self._container.list_blobs(name_starts_with=prefix)]

    def _get(self, key: str) -> bytes:
        from azure.core.exceptions import ResourceNotFoundError  # pants: no-infer-dep

        try:
            content: bytes = self._hook.download(self.bucket, key).readall()
        except ResourceNotFoundError as error:
            raise Missing(key) from error
        return content

    def _put(self, key: str, content: bytes) -> None:
        self._hook.upload(self.bucket, key, content, length=len(content), overwrite=True)

    def _delete(self, keys: List[str]) -> None:
        self._hook.delete_blobs(self.bucket, *keys)


_KINDS: "dict[str, Type[Store]]" = {"s3://": S3, "gs://": Gcs, "wasb": Wasb}


def kind(base: str) -> Any:
    """The class for a remote log folder; None for a kind that Airflow's own handlers serve."""
    return next((each for start, each in _KINDS.items() if base.startswith(start)), None)


class Link:
    """The store of a remote log folder, by a client that can be made anew."""

    def __init__(self, base: str) -> None:
        """Prepare; nothing is connected yet."""
        self._base = base
        self._store: Optional[Store] = None
        # Many ask at a time: one makes the client.
        self._lock = threading.Lock()

    def is_up(self) -> bool:
        """Whether there is a client already."""
        return self._store is not None

    def store(self) -> Store:
        """The store, connected by what its connection says when it is asked first.

        Raises:
            Exception: The connection is missing or wrong.
        """
        with self._lock:
            if self._store is None:
                self._store = kind(self._base)(self._base)
            return self._store

    def drop(self) -> None:
        """Have the next one who asks connect anew."""
        self._store = None
