"""Real workers and real brokers: what a probe says of them, from nothing but Airflow's options."""

from __future__ import annotations

import os
import signal
import socket
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Dict, Iterator, List, Tuple
from urllib.parse import quote

import pytest
from astronomer.runtime.component import CeleryWorker, celery_worker
from astronomer.runtime.health.result import Health
from astronomer.runtime.health.worker import check_worker, node_name
from astronomer.runtime.testing.fleet import Fleet
from astronomer.runtime.testing.redis import RedisServer, SilentServer, free_port

HOST = socket.gethostname()

_URL = "AIRFLOW__CELERY__BROKER_URL"
_OPTIONS = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__"
_PASSWORD = "p@ss:w/o%r#d?;"

# Seconds, for a busy machine; a probe has less.
_SECONDS = 30.0


def probes(health: Health) -> Tuple[bool, bool]:
    """Whether probes for liveness and for readiness pass."""
    return health.passes(live=True), health.passes(live=False)


def _secured(brokers: "Brokers") -> Dict[str, str]:
    server = brokers.redis("--requirepass", _PASSWORD)
    return {_URL: f"redis://:{quote(_PASSWORD, safe='')}@127.0.0.1:{server.port}/5"}


def _in_file(brokers: "Brokers") -> Dict[str, str]:
    server = brokers.redis("--requirepass", _PASSWORD)
    url = f"redis://:{quote(_PASSWORD, safe='')}@127.0.0.1:{server.port}/5".replace("%", "%%")
    section = "[celery_broker_transport_options]\nfanout_prefix = /fleet.\n"
    return brokers.home(f"[celery]\nbroker_url = {url}\n{section}")


def _by_command_in_file(brokers: "Brokers") -> Dict[str, str]:
    return brokers.home(f"[celery]\nbroker_url_cmd = echo {brokers.redis().url}\n")


def _prefixed(brokers: "Brokers") -> Dict[str, str]:
    return {_URL: brokers.redis().url, f"{_OPTIONS}GLOBAL_KEYPREFIX": "team-1:"}


def _by_socket(brokers: "Brokers") -> Dict[str, str]:
    path = brokers.folder / "redis.sock"
    brokers.redis("--unixsocket", str(path))
    return {_URL: f"redis+socket://{path}"}


def _one_of_two(brokers: "Brokers") -> Dict[str, str]:
    return {_URL: f"redis://127.0.0.1:{free_port()}/0;{brokers.redis().url}"}


def _by_sentinel(brokers: "Brokers") -> Dict[str, str]:
    server = brokers.redis()
    file = brokers.folder / "sentinel.conf"
    file.write_text(f"sentinel monitor main 127.0.0.1 {server.port} 1\n")
    first = brokers.redis(str(file), name="redis-sentinel")
    url = f"sentinel://127.0.0.1:{free_port()}/0;sentinel://127.0.0.1:{first.port}/0"
    return {_URL: url, f"{_OPTIONS}MASTER_NAME": "main"}


def _by_tls(brokers: "Brokers") -> Dict[str, str]:
    certificate, key = certify(brokers.folder)
    server = brokers.redis(
        *["--tls-cert-file", str(certificate), "--tls-key-file", str(key)],
        *["--tls-ca-cert-file", str(certificate), "--tls-auth-clients", "yes"],
    )
    return {
        _URL: f"redis://127.0.0.1:{server.port}/0",
        "AIRFLOW__CELERY__SSL_ACTIVE": "True",
        "AIRFLOW__CELERY__SSL_CERT": str(certificate),
        "AIRFLOW__CELERY__SSL_KEY": str(key),
        "AIRFLOW__CELERY__SSL_CACERT": str(certificate),
    }


def _by_tls_in_url(brokers: "Brokers") -> Dict[str, str]:
    environ = _by_tls(brokers)
    options = {
        "ssl_cert_reqs": "required",
        "ssl_ca_certs": environ["AIRFLOW__CELERY__SSL_CACERT"],
        "ssl_certfile": environ["AIRFLOW__CELERY__SSL_CERT"],
        "ssl_keyfile": environ["AIRFLOW__CELERY__SSL_KEY"],
    }
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return {_URL: environ[_URL].replace("redis://", "rediss://") + f"?{query}"}


def _without_control(brokers: "Brokers") -> Dict[str, str]:
    return {_URL: brokers.redis().url, "AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL": "False"}


_ASKED = {
    "password": _secured,
    "airflow.cfg": _in_file,
    "command in airflow.cfg": _by_command_in_file,
    "socket": _by_socket,
    "one of two": _one_of_two,
    "Sentinel": _by_sentinel,
    "TLS": _by_tls,
    "TLS in the URL": _by_tls_in_url,
}
# Before kombu 5.2.4 the prefix keeps questions away.
_KINDS = {**_ASKED, "prefix": _prefixed, "without control": _without_control}


class Brokers:
    """The servers of one kind of deployment."""

    def __init__(self, folder: Path, running: List[RedisServer]) -> None:
        self.folder = folder
        self._running = running

    def redis(self, *options: str, name: str = "redis-server") -> RedisServer:
        self._running.append(RedisServer(self.folder, *options, name=name))
        return self._running[-1]

    def home(self, text: str) -> Dict[str, str]:
        """An Airflow of which this is the configuration."""
        (self.folder / "elsewhere.cfg").write_text(text)
        return {
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW_CONFIG": str(self.folder / "elsewhere.cfg"),
        }


def certify(folder: Path) -> Tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.backends import default_backend
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1(), default_backend())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker.test")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.utcnow()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256(), default_backend())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return paths


class Deployments:
    """A worker of each kind, all started at once."""

    def __init__(self, folder: Path) -> None:
        self._running: List[RedisServer] = []
        self.environ: Dict[str, Dict[str, str]] = {}
        self.fleet = Fleet(folder)
        for kind, prepare in _KINDS.items():
            place = folder / kind.replace(" ", "-")
            place.mkdir()
            self.environ[kind] = prepare(Brokers(place, self._running))
            self.fleet.start(kind.replace(" ", "-"), **self.environ[kind])
        self.fleet.ready()

    def pid(self, kind: str) -> int:
        return self.fleet.workers[kind.replace(" ", "-")].pid

    def check(self, kind: str) -> Health:
        return check_worker([], self.environ[kind], _SECONDS, self.pid(kind))

    def close(self) -> None:
        self.fleet.end()
        for each in self._running:
            each.kill()


@pytest.fixture(scope="module")
def deployments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployments]:
    made = Deployments(tmp_path_factory.mktemp("workers"))
    yield made
    made.close()


@pytest.mark.parametrize("kind", _ASKED)
def test_a_worker_is_asked_as_its_celery_connects(deployments: Deployments, kind: str) -> None:
    health = deployments.check(kind)
    assert health.reason == f"{kind.replace(' ', '-')}@test takes tasks from default"
    assert probes(health) == (True, True)


@pytest.mark.parametrize("kind", ["prefix", "without control"])
def test_a_worker_that_cannot_be_asked_is_not_called_dead(
    deployments: Deployments, kind: str
) -> None:
    assert probes(deployments.check(kind)) == (True, True)


@pytest.mark.parametrize("kind", ["password", "without control"])
def test_a_worker_that_stands_still_is_noticed(deployments: Deployments, kind: str) -> None:
    os.kill(deployments.pid(kind), signal.SIGSTOP)
    try:
        assert probes(deployments.check(kind)) == (False, False)
    finally:
        os.kill(deployments.pid(kind), signal.SIGCONT)


def test_a_worker_that_does_not_answer_is_noticed(deployments: Deployments) -> None:
    pid = deployments.pid("password")
    silent = CeleryWorker(pid, "silent@test", False)
    health = check_worker([], deployments.environ["password"], 4, pid, silent)
    assert health.reason == "silent@test does not answer by way of the broker"
    assert probes(health) == (False, False)


def test_what_only_airflow_knows_is_not_the_worker_s_fault(deployments: Deployments) -> None:
    pid = deployments.pid("password")
    own = {
        **deployments.environ["password"],
        "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": "include.celery.CONFIG",
    }
    silent = CeleryWorker(pid, "silent@test", False)
    secret = {f"{_URL}_SECRET": "path/in/vault"}
    failing = {f"{_URL}_CMD": "false"}
    for environ in (own, secret, failing):
        health = check_worker([], environ, 4, pid, silent)
        assert "only Airflow knows" in health.reason
        assert probes(health) == (True, True)
    assert probes(check_worker([], own, _SECONDS, pid)) == (True, True)


def test_a_container_without_a_worker_has_no_healthy_one() -> None:
    gone = CeleryWorker(2**22 + 1, "gone@test", False)
    for environ in ({f"{_URL}_SECRET": "x"}, {_URL: f"redis://127.0.0.1:{free_port()}/0"}):
        assert probes(check_worker([], environ, 4, worker=gone)) == (False, False)


def test_a_worker_that_ends_is_alive_and_not_ready(deployments: Deployments) -> None:
    kind = "one of two"
    deployments.fleet.send("long", 300, broker=deployments.environ[kind][_URL].split(";")[1])
    deployments.fleet.wait(deployments.fleet.runs)
    pid = deployments.pid(kind)

    os.kill(pid, signal.SIGTERM)

    deadline = time.monotonic() + 60
    while not (worker := celery_worker(pid)) or not worker.is_ending:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert probes(deployments.check(kind)) == (True, False)


@pytest.mark.parametrize(
    "answer", [b"", b"-LOADING Redis is loading\r\n" * 9, b"-OOM command not allowed\r\n" * 9]
)
def test_a_broker_that_does_not_do_its_work_is_not_the_worker_s_fault(answer: bytes) -> None:
    server = SilentServer(answer)
    health = check_worker([], {_URL: server.url.replace("//", "//:secret@")}, 2)
    assert probes(health) == (True, False)
    assert "secret" not in health.reason
    server.close()


@pytest.mark.parametrize("options", [("--maxmemory", "1"), ("--replicaof", "127.0.0.1", "9")])
def test_a_broker_that_passes_nothing_on_is_not_the_worker_s_fault(
    options: Tuple[str, ...], tmp_path: Path
) -> None:
    server = RedisServer(tmp_path, *options)
    health = check_worker([], {_URL: server.url}, 4)
    assert probes(health) == (True, False)
    server.kill()


def test_a_broker_that_is_down_is_not_the_worker_s_fault() -> None:
    health = check_worker([], {_URL: f"redis://:secret@127.0.0.1:{free_port()}/0"}, 5)
    assert probes(health) == (True, False)
    assert "secret" not in health.reason


@pytest.mark.parametrize(
    "argv, name",
    [
        ([], f"celery@{HOST}"),
        (["celery", "worker", "--celery-hostname", "w1"], "celery@w1"),
        (["-H", "w1@%h"], f"w1@{HOST}"),
        (["--celery-hostname=w2@pod"], "w2@pod"),
    ],
)
def test_a_worker_is_asked_by_the_name_that_celery_gives_it(argv: "list[str]", name: str) -> None:
    assert node_name(argv) == name
