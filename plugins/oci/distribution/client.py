"""One registry, spoken to in HTTP. What can go wrong with a request is put into words here.

Source: OCI distribution spec 1.1, "Error Codes".
"""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List, Optional
from urllib.parse import urljoin, urlsplit

import requests
from oci.distribution.address import RegistryAddress, same_origin
from oci.distribution.authorization import Authorization, Authorizer, Scopes
from oci.distribution.docker_config import Credentials
from oci.distribution.errors import (
    Busy,
    DigestRefused,
    Refused,
    RegistryError,
    TryAgain,
    UploadLost,
)
from oci.distribution.patience import Patience, requested_pause
from oci.sandbox.certificates import ca_bundle

_TIMEOUT = (15, 180)  # seconds to connect, and for an answer: a registry hashes what it was sent

_LOST = {"BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "RANGE_INVALID"}
_NO_REPOSITORY = {"NAME_UNKNOWN", "NAME_INVALID"}
# What registries that write to a file system say of a full one; 28 is ENOSPC.
_FULL = ("no space left on device", '"Err":28')


_BUSY = {408, 425, 429}
_NOT_IMPLEMENTED = 501


class _Session(requests.Session):
    """Takes our authorization along to no other server, and nobody else's from `~/.netrc`."""

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        if not same_origin(str(prepared_request.url), str(response.request.url)):
            prepared_request.headers.pop("Authorization", None)


class RegistryClient:
    """Sends requests to a registry.

    Args:
        address: The registry.
        find_credentials: Called once, when the registry asks for them.
        pause: Seconds before a second attempt.
    """

    def __init__(
        self,
        address: RegistryAddress,
        find_credentials: Callable[[], Optional[Credentials]],
        pause: float = 1.0,
    ) -> None:
        self.address = address
        self.stop = threading.Event()
        """Set, all waiting ends with an error."""
        self.pause = pause
        self._local = threading.local()
        self._asked_at_the_door = False
        self._verify = ca_bundle()
        self._authorizer = Authorizer(address, find_credentials, self._exchange)

    def patience(self, what: str) -> Patience:
        """A count of failures."""
        return Patience(f"{self.address.name}/{what}", self.pause, self.stop)

    def request(self, method: str, url: str, what: str, scopes: Scopes, **more: Any) -> Any:
        """Send a request that may be sent twice, until it is answered. As `send`."""
        patience = self.patience(what)
        while True:
            try:
                return self.send(method, url, what, scopes, **more)
            except UploadLost:
                raise
            except TryAgain as problem:
                patience.failed(problem)

    def send(
        self,
        method: str,
        url: str,
        what: str,
        scopes: Scopes,
        body: Optional[Callable[[], Any]] = None,
        **more: Any,
    ) -> requests.Response:
        """Send a request once, or again where the registry asks who we are.

        Args:
            method: Of HTTP.
            url: Absolute, or relative to the registry.
            what: Repository that it is about, for errors.
            scopes: What the request needs.
            body: Makes the body, anew for each attempt.
            more: Keywords of `requests`.

        Returns:
            An answer below 400, or 404.

        Raises:
            TryAgain: It may work later.
            Refused: This request will not.
            RegistryError: None will.
        """
        url = self._absolute(url)
        # A storage that the registry sends us to has its authorization in the URL.
        ours = same_origin(url, self.address.base_url)
        refused: List[Optional[str]] = []
        while True:
            header = self._authorizer.header(scopes) if ours else None
            response = self._exchange(
                method,
                url,
                auth=Authorization(header),
                allow_redirects=body is None,
                data=body() if body else None,
                **more,
            )
            refused.append(header)
            if not self._can_do_better(response, scopes, refused):
                break
        self._check(response, what)
        if body and response.status_code >= 300:
            raise RegistryError(
                f"{self.address.name}/{what}: the registry answers {response.status_code} where it "
                "should take what it is sent: mend its configuration."
            )
        return response

    def _can_do_better(
        self, response: requests.Response, scopes: Scopes, refused: List[Optional[str]]
    ) -> bool:
        """Whether the registry asks who we are, and may take another answer than those so far."""
        if not same_origin(response.url, self.address.base_url):
            return False
        asks = "WWW-Authenticate" in response.headers
        if response.status_code == 401 and (asks or refused[-1]):
            return self._authorizer.learn(response, scopes, refused)
        if response.status_code not in (401, 403) or refused[-1]:
            return False
        # Some ask at the door alone. Source: OCI distribution spec 1.1, "Determining Support".
        if self._asked_at_the_door:
            return False
        self._asked_at_the_door = True
        door = self._exchange("GET", f"{self.address.base_url}/v2/", auth=Authorization(None))
        return door.status_code == 401 and self._authorizer.learn(door, scopes, refused)

    def location(self, response: requests.Response, what: str) -> str:
        """Where an answer says that the upload goes on.

        Raises:
            RegistryError: Nowhere, or to where it would not be safe.
        """
        try:
            # What follows a `#` is never sent.
            location = urljoin(response.url, response.headers["Location"]).partition("#")[0]
            ours = self.address.localized(location)
            parts = urlsplit(location)
        except (KeyError, ValueError):
            raise RegistryError(
                f"{self.address.name}/{what}: the registry opens an upload and does not say where."
            ) from None
        if ours is not None:
            return ours
        if self.address.base_url.startswith("https:") and parts.scheme != "https":
            raise RegistryError(
                f"{self.address.name}/{what}: the registry sends uploads to {parts.netloc} without "
                "https: mend its configuration."
            )
        return location

    def _absolute(self, url: str) -> str:
        return url if "://" in url else f"{self.address.base_url}{url}"

    def _exchange(self, method: str, url: str, **more: Any) -> requests.Response:
        session: requests.Session = getattr(self._local, "session", None) or _Session()
        self._local.session = session
        try:
            return session.request(method, url, timeout=_TIMEOUT, verify=self._verify, **more)
        except requests.exceptions.SSLError as error:
            raise self._tls_problem(url, str(error)) from None
        except requests.exceptions.ProxyError:
            raise TryAgain("the proxy that is configured does not let us through") from None
        except requests.Timeout:
            raise TryAgain("the registry gives no answer in time") from None
        except requests.TooManyRedirects:
            raise RegistryError(
                f"{urlsplit(url).netloc}: the registry sends us in circles: mend its configuration."
            ) from None
        except ValueError:
            # Also some of what `requests` raises, and what it lets through before it has begun.
            raise RegistryError(
                f"{self.address.name}: the registry sends us to an address that is none: mend its "
                "configuration."
            ) from None
        except requests.RequestException as error:
            raise TryAgain(_network_problem(str(error))) from None
        except OSError:
            # The bundle of certificates that the user names is not there.
            raise RegistryError(
                f"{self.address.name}: there is no bundle of certificates at '{self._verify}': "
                "correct SSL_CERT_FILE or REQUESTS_CA_BUNDLE."
            ) from None

    def _tls_problem(self, url: str, reason: str) -> Exception:
        host = urlsplit(url).netloc
        if "CERTIFICATE_VERIFY_FAILED" in reason or "doesn't match" in reason:
            return RegistryError(
                f"{host}: the registry's certificate is not trusted here: name a bundle with its "
                "authority in SSL_CERT_FILE."
            )
        if "WRONG_VERSION_NUMBER" in reason.upper().replace(" ", "_"):
            return RegistryError(
                f"{host}: the registry does not speak https: correct its address, or set "
                "`plain_http = true` for it if that is meant."
            )
        return TryAgain("the secure connection broke off")

    def _check(self, response: requests.Response, what: str) -> None:
        status = response.status_code
        if status < 400 or (status == 404 and response.request.method in ("HEAD", "GET")):
            return
        codes, said = _errors_in(response)
        where = f"{self.address.name}/{what}"
        if any(sign in response.text for sign in _FULL) or status == 507:
            raise RegistryError(f"{where}: the registry's disk is full: free space there.")
        if status in _BUSY or (status >= 500 and status != _NOT_IMPLEMENTED):
            raise Busy(f"the registry answers {status}{said}", requested_pause(response.headers))
        if "DIGEST_INVALID" in codes:
            raise DigestRefused(f"{where}: the registry refuses a digest{said}")
        if status == 416 or _LOST & codes:
            raise UploadLost("the registry dropped an upload that broke off")
        message = f"{where}: {self._refusal(response, codes, said)}"
        raise Refused(message, status, codes, said)

    def _refusal(self, response: requests.Response, codes: "set[str]", said: str) -> str:
        status, user = response.status_code, self._authorizer.user
        if status == 401 and user:
            return (
                f"the registry refuses the credentials of {user} (401){said}: log in again with "
                f"`docker login {self.address.name}`."
            )
        if status == 401:
            return (
                "the registry asks for credentials (401), and Docker's configuration holds none: "
                f"log in with `docker login {self.address.name}`."
            )
        if status == 403:
            return (
                f"the registry does not let {user or 'everybody'} push there (403){said}: use an "
                "account that may, or correct `repository`."
            )
        if status == 404 and codes & _NO_REPOSITORY:
            return f"the registry has no such repository{said}: make it there first."
        if status == 404 and not codes:
            return "no registry answers at this address (404): correct `address`."
        if status in (405, _NOT_IMPLEMENTED) or "UNSUPPORTED" in codes:
            return f"the registry takes no uploads ({status}){said}: it may be read-only."
        if status == 413:
            return "the registry takes no request that large (413): set `chunk_mb` lower for it."
        return f"the registry refuses the request ({status}){said}."


def _errors_in(response: requests.Response) -> "tuple[set[str], str]":
    """The codes of an error answer, and its first message in parentheses."""
    try:
        errors: "list[Dict[str, Any]]" = response.json()["errors"]
        codes = {str(error["code"]) for error in errors}
        message = str(errors[0].get("message") or errors[0]["code"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return set(), ""
    printable = "".join(char for char in message if char.isprintable())
    return codes, f" ({printable[:200]})"


def _network_problem(reason: str) -> str:
    for sign, problem in (
        ("Name or service not known", "the registry's name cannot be resolved"),
        ("No address associated", "the registry's name cannot be resolved"),
        ("name resolution", "the registry's name cannot be resolved"),
        ("Connection refused", "nothing listens at the registry's address"),
        ("No route to host", "there is no route to the registry"),
        ("Network is unreachable", "there is no route to the registry"),
    ):
        if sign in reason:
            return problem
    return "the connection broke off"
