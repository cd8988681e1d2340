"""A registry in memory, on loopback, of whatever kind a test needs.

It keeps to the OCI distribution spec 1.1 but for what a test makes it do otherwise.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple
from urllib.parse import parse_qs, urlsplit

from oci.format.image import INDEX_MEDIA_TYPE
from oci.testing.loopback import LoopbackServer


@dataclass(frozen=True)
class Request:
    """What a client asks."""

    method: str

    path: str
    """Without the query."""

    query: Mapping[str, List[str]]
    headers: Any
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Reply:
    """What it is answered."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def error(cls, status: int, code: str) -> Reply:
        """As the spec writes errors."""
        content = {"errors": [{"code": code, "message": code.lower().replace("_", " ")}]}
        return cls(status, {}, json.dumps(content).encode())


Quirk = Callable[[Request], Optional[Reply]]
"""Answers a request otherwise, or leaves it to the registry."""


def digest_of(content: bytes) -> str:
    """`sha256:<hex>`."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


class StandInRegistry(LoopbackServer):
    """A registry, empty at first."""

    def __init__(self) -> None:
        self.blobs: Dict[Tuple[str, str], bytes] = {}
        """By repository and digest."""
        self.manifests: Dict[Tuple[str, str], bytes] = {}
        """By repository and digest."""
        self.tags: Dict[Tuple[str, str], str] = {}
        """Digests by repository and tag."""
        self.requests: List[Request] = []
        """All requests so far, the oldest first."""
        self.quirks: List[Quirk] = []
        """The first that answers counts."""
        self.lists_referrers = False
        """Whether it has the referrers API."""
        self.says_subject = True
        """Whether it tells so of what it is sent."""
        self.deletes = True
        """Whether manifests can be deleted."""
        self.immutable = False
        """Whether tags can be written once alone."""
        self._uploads: Dict[str, bytes] = {}
        self._lock = threading.Lock()
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer in pieces waits for the client to confirm the first.
            wbufsize = -1

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:
                    self.close_connection = True

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urlsplit(self.path)
                request = Request(
                    self.command, parts.path, parse_qs(parts.query), self.headers, body
                )
                reply = registry.answer(request)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    for each in value.split("\n"):
                        self.send_header(name, each)
                told = {"Content-Length", "Transfer-Encoding"} & set(reply.headers)
                if not told and reply.status != 204:
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply.body)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

            def log_message(self, *args: object) -> None:
                pass

        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), Handler))

    def asked(self, pattern: str) -> List[str]:
        """Method and path of the requests so far that match."""
        return [str(each) for each in self.requests if re.search(pattern, str(each))]

    def answer(self, request: Request) -> Reply:
        """Answer a request."""
        with self._lock:
            self.requests.append(request)
            for quirk in self.quirks:
                reply = quirk(request)
                if reply is not None:
                    return reply
            return self._regular(request)

    def _regular(self, request: Request) -> Reply:
        match = re.fullmatch(
            r"/v2/(?P<name>.+?)/"
            r"(?P<kind>manifests|blobs/uploads|blobs|referrers|tags)/(?P<rest>.*)",
            request.path,
        )
        if not match:
            return Reply(200 if request.path == "/v2/" else 404)
        kinds = {
            "manifests": self._manifest,
            "blobs/uploads": self._upload,
            "blobs": self._blob,
            "referrers": self._referrers,
            "tags": self._tags,
        }
        return kinds[match["kind"]](request, match["name"], match["rest"])

    def _manifest(self, request: Request, name: str, reference: str) -> Reply:
        digest = self.tags.get((name, reference), reference)
        if request.method == "PUT":
            return self._put_manifest(request.body, name, reference)
        content = self.manifests.get((name, digest))
        if content is None:
            return Reply.error(404, "MANIFEST_UNKNOWN")
        if request.method == "DELETE":
            if not self.deletes:
                return Reply.error(405, "UNSUPPORTED")
            del self.manifests[name, digest]
            return Reply(202)
        kind = json.loads(content).get("mediaType", "application/json")
        return Reply(200, {"Content-Type": kind, "Docker-Content-Digest": digest}, content)

    def _put_manifest(self, content: bytes, name: str, reference: str) -> Reply:
        digest = digest_of(content)
        manifest = json.loads(content)
        for item in (manifest.get("config"), *manifest.get("layers", [])):
            if item and (name, item["digest"]) not in self.blobs:
                return Reply.error(404, "MANIFEST_BLOB_UNKNOWN")
        if ":" not in reference:
            if self.immutable and (name, reference) in self.tags:
                return Reply.error(409, "TAG_IMMUTABLE")
            self.tags[name, reference] = digest
        self.manifests[name, digest] = content
        headers = {"Docker-Content-Digest": digest, "Location": f"/v2/{name}/manifests/{digest}"}
        if self.lists_referrers and self.says_subject and "subject" in manifest:
            headers["OCI-Subject"] = manifest["subject"]["digest"]
        return Reply(201, headers)

    def _blob(self, request: Request, name: str, digest: str) -> Reply:
        content = self.blobs.get((name, digest))
        if content is None:
            return Reply.error(404, "BLOB_UNKNOWN")
        return Reply(200, {"Docker-Content-Digest": digest}, content)

    def _upload(self, request: Request, name: str, identity: str) -> Reply:
        if request.method == "POST":
            mount, source = request.query.get("mount"), request.query.get("from")
            if mount and source and (source[0], mount[0]) in self.blobs:
                self.blobs[name, mount[0]] = self.blobs[source[0], mount[0]]
                return Reply(201, {"Location": f"/v2/{name}/blobs/{mount[0]}"})
            identity = str(len(self.requests))
            self._uploads[identity] = b""
            return self._open(202, name, identity)
        if identity not in self._uploads:
            return Reply.error(404, "BLOB_UPLOAD_UNKNOWN")
        if request.method == "GET":
            return self._open(204, name, identity)
        if request.method == "PATCH":
            start = request.headers.get("Content-Range", "0-").partition("-")[0]
            if int(start) != len(self._uploads[identity]):
                return self._open(416, name, identity)
        self._uploads[identity] += request.body
        if request.method == "PATCH":
            return self._open(202, name, identity)
        content, (digest,) = self._uploads.pop(identity), request.query["digest"]
        if digest_of(content) != digest:
            return Reply.error(400, "DIGEST_INVALID")
        self.blobs[name, digest] = content
        return Reply(201, {"Docker-Content-Digest": digest, "Location": f"/v2/{name}/{digest}"})

    def _open(self, status: int, name: str, identity: str) -> Reply:
        last = max(len(self._uploads[identity]) - 1, 0)
        place = f"/v2/{name}/blobs/uploads/{identity}"
        return Reply(status, {"Location": place, "Range": f"0-{last}"})

    def _referrers(self, request: Request, name: str, digest: str) -> Reply:
        if not self.lists_referrers:
            return Reply(404, {}, b"404 page not found")
        found = []
        for (repository, theirs), content in self.manifests.items():
            manifest = json.loads(content)
            if repository == name and manifest.get("subject", {}).get("digest") == digest:
                descriptor = {"digest": theirs, "size": len(content)}
                found.append({**descriptor, "artifactType": manifest["artifactType"]})
        index = {"schemaVersion": 2, "mediaType": INDEX_MEDIA_TYPE, "manifests": found}
        return Reply(200, {"Content-Type": INDEX_MEDIA_TYPE}, json.dumps(index).encode())

    def _tags(self, request: Request, name: str, rest: str) -> Reply:
        tags = [tag for repository, tag in self.tags if repository == name]
        if not tags:
            return Reply.error(404, "NAME_UNKNOWN")
        return Reply(200, {}, json.dumps({"name": name, "tags": tags}).encode())
