"""A store with Amazon's API, on loopback, that can be down.

As a program it serves where it is started, in the network of a container for example: it takes a
word a line on standard input, does it, and answers with a line of JSON. It ends with its input.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any, Callable, Dict, Iterable, List, Optional

BUCKET = "logs"


class S3:
    """One bucket; it keeps what it has while it is down."""

    def __init__(self, port: int = 0) -> None:
        """Be up.

        Args:
            port: Where; 0 for one that is free.
        """
        from moto.s3 import s3_backends
        from moto.server import DomainDispatcherApplication, create_backend_app

        self._backend = s3_backends["global"]
        self._backend.reset()
        self._backend.create_bucket(BUCKET, "us-east-1")
        self._application = DomainDispatcherApplication(create_backend_app)
        self._server: Any = None
        self._port = port
        self.authorizations: List[str] = []
        self.instead: Callable[[Dict[str, Any]], Optional[Iterable[bytes]]] = lambda request: None
        """What is answered to a request, by its WSGI environment; None for what the store answers.
        It may take its time."""
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Be up, at the address it had."""
        from werkzeug.serving import make_server

        self._server = make_server("127.0.0.1", self._port, self._answer, threaded=True)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Be down: connections are refused."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: Dict[str, Any], start_response: Any) -> Any:
        self.authorizations.append(environ.get("HTTP_AUTHORIZATION", ""))
        instead = self.instead(environ)
        if instead is not None:
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return instead
        return self._application(environ, start_response)

    def keys(self) -> List[str]:
        """Names of all objects."""
        return sorted(self._backend.buckets[BUCKET].keys)

    def complete(self) -> List[str]:
        """Names of the objects that say that a log has ended."""
        return [key for key in self.keys() if key.endswith("-end")]

    def contents(self) -> Dict[str, bytes]:
        """All objects."""
        found = self._backend.buckets[BUCKET].keys
        each = ((key, found.get(key)) for key in self.keys())
        # But those that are gone meanwhile.
        return {key: value.value for key, value in each if value is not None}

    def texts(self) -> Dict[str, str]:
        """All objects, as text."""
        return {key: content.decode() for key, content in sorted(self.contents().items())}

    def put(self, key: str, content: bytes) -> None:
        """Make an object, as somebody else."""
        self._backend.put_object(BUCKET, key, content)

    def delete(self, key: str) -> None:
        """Remove an object, as somebody else."""
        self._backend.delete_object(BUCKET, key)


def refusal(code: str) -> List[bytes]:
    """An answer of the store with an error code of its own."""
    return [f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()]


def main() -> None:
    import logging

    # A line for every request.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    s3 = S3(int(sys.argv[1]))
    words = {"up": s3.start, "down": s3.stop, "objects": s3.texts}
    print("null", flush=True)
    for line in sys.stdin:
        print(json.dumps(words[line.strip()]()), flush=True)


if __name__ == "__main__":
    main()
