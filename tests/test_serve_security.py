"""Who may talk to ``rulec serve``: TLS, certificates of clients, tokens, addresses."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner
from server_process import JSON, LONG, RULES, Server, eventually, free_port, named, serving

from rulec.cli import BAD_USAGE, main
from rulec.commands.serve import command
from rulec.server.gate import names_in
from rulec.server.listener import Listener
from rulec.server.settings import Limits, Listen, Tls


@dataclass(frozen=True)
class Certificates:
    """A certificate authority with a server and clients, and a stranger with their own."""

    folder: Path
    ca: trustme.CA
    stranger: trustme.CA

    @classmethod
    def made(cls, folder: Path) -> "Certificates":
        found = cls(folder, trustme.CA(), trustme.CA())
        found.ca.cert_pem.write_to_path(str(folder / "ca.pem"))
        server = found.ca.issue_cert("localhost", "127.0.0.1")
        server.private_key_and_cert_chain_pem.write_to_path(str(folder / "both.pem"))
        server.private_key_pem.write_to_path(str(folder / "key.pem"))
        for number, blob in enumerate(server.cert_chain_pems):
            blob.write_to_path(str(folder / "cert.pem"), append=number > 0)
        return found

    def client(self, *names: str, ca: trustme.CA | None = None) -> ssl.SSLContext:
        """What a client uses that has a certificate with these names, or none without names."""
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        if names:
            (ca or self.ca).issue_cert(*names).configure_cert(context)
        return context

    def file(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.made(tmp_path_factory.mktemp("certificates"))


REFUSED = (ssl.SSLError, ConnectionError)


def posted(server: Server, context: ssl.SSLContext) -> int:
    return server.request("POST", "/k8s-audit", named("x"), JSON, context).status


@pytest.fixture(scope="module")
def with_tls(
    certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    token = certificates.folder / "tokens"
    token.write_text("first-token\nsecond-token\n")
    with serving(
        tmp_path_factory.mktemp("tls"),
        f"--tls-cert={certificates.file('both.pem')}",
        f"--token-file={token}",
        context=certificates.client(),
    ) as server:
        yield server


def test_events_come_over_tls(with_tls: Server, certificates: Certificates) -> None:
    assert with_tls.post(named("tls"), Authorization="Bearer first-token").status == 200
    eventually(lambda: with_tls.names() == ["tls"])
    with pytest.raises(ssl.SSLCertVerificationError):
        posted(with_tls, ssl.create_default_context())
    plain = Server(with_tls.process, with_tls.port, with_tls.folder)
    with pytest.raises((OSError, HTTPException)):
        plain.request("GET", "/healthz")
    assert with_tls.request("GET", "/healthz").status == 200


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("Bearer first-token", 200),
        ("Bearer second-token", 200),
        ("Bearer first-token second-token", 401),
        ("Bearer first", 401),
        ("Bearer ", 401),
        ("bearer first-token", 401),
        ("Basic first-token", 401),
        ("first-token", 401),
        ("", 401),
    ],
)
def test_a_token_lets_in(with_tls: Server, given: str, status: int) -> None:
    answer = with_tls.post(named("token"), Authorization=given)
    assert answer.status == status
    if status == 401:
        assert (answer.body, answer.headers["www-authenticate"]) == (b"unauthorized\n", "Bearer")


def test_numbers_are_not_for_everybody(with_tls: Server) -> None:
    assert with_tls.request("GET", "/metrics").status == 401
    given = {"Authorization": "Bearer second-token"}
    assert with_tls.request("GET", "/metrics", headers=given).status == 200
    assert with_tls.request("GET", "/readyz").status == 200


def test_a_client_shows_a_certificate(certificates: Certificates, tmp_path: Path) -> None:
    with serving(
        tmp_path,
        f"--tls-cert={certificates.file('cert.pem')}",
        f"--tls-key={certificates.file('key.pem')}",
        f"--client-ca={certificates.file('ca.pem')}",
        context=certificates.client("anybody.example"),
    ) as server:
        assert server.post(named("known")).status == 200
        with pytest.raises(REFUSED):
            posted(server, certificates.client())
        with pytest.raises(REFUSED):
            posted(server, certificates.client("anybody.example", ca=certificates.stranger))
        eventually(lambda: server.names() == ["known"])
        assert server.stop() == 0


@pytest.fixture(scope="module")
def with_names(
    certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with serving(
        tmp_path_factory.mktemp("names"),
        f"--tls-cert={certificates.file('both.pem')}",
        f"--client-ca={certificates.file('ca.pem')}",
        "--client-san=kube-apiserver",
        "--client-san=Apiserver@cluster.example",
        "--client-san=192.0.2.7",
        "--timeout=2",
        context=certificates.client("kube-apiserver"),
    ) as server:
        yield server


@pytest.mark.parametrize(
    "names",
    [
        ("kube-apiserver",),
        ("KUBE-APISERVER",),
        ("other.example", "kube-apiserver"),
        ("apiserver@cluster.example",),
        ("192.0.2.7",),
    ],
)
def test_a_name_lets_in(
    with_names: Server, certificates: Certificates, names: tuple[str, ...]
) -> None:
    assert posted(with_names, certificates.client(*names)) == 200


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("other.example",),
        ("kube-apiserver.example",),
        ("xkube-apiserver",),
        ("other@cluster.example",),
        ("192.0.2.70",),
    ],
)
def test_other_names_do_not(
    with_names: Server, certificates: Certificates, names: tuple[str, ...]
) -> None:
    with pytest.raises(REFUSED):
        posted(with_names, certificates.client(*names))


def test_the_right_name_from_the_wrong_authority_does_not(
    with_names: Server, certificates: Certificates
) -> None:
    with pytest.raises(REFUSED):
        posted(with_names, certificates.client("kube-apiserver", ca=certificates.stranger))


def test_the_gate_passes_everything_on(with_names: Server) -> None:
    large = named(*(f"large-{number}" for number in range(20_000)))
    assert with_names.post(large).status == 200
    assert with_names.post(iter([large])).status == 200
    assert with_names.post(b" " * (12 * 1024 * 1024 + 1)).status == 400
    with contextlib.closing(with_names.connection()) as connection:
        for number in range(3):
            connection.request("POST", "/k8s-audit", named(f"gate-{number}"), JSON)
            assert connection.getresponse().read() == b""
    eventually(lambda: "gate-2" in with_names.names())
    assert sum(name.startswith("large-") for name in with_names.names()) == 20_000


def test_the_gate_closes_on_who_trickles(with_names: Server) -> None:
    with contextlib.closing(with_names.connection()) as connection:
        connection.putrequest("POST", "/k8s-audit")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", "100")
        connection.endheaders(b"{")
        with connection.getresponse() as answer:
            assert (answer.status, answer.read()) == (408, b"the request took too long\n")
    with contextlib.closing(with_names.connection()) as silent:
        silent.connect()
        assert silent.sock.recv(1) == b""


def test_the_gate_opens_and_ends_cleanly(certificates: Certificates, tmp_path: Path) -> None:
    with serving(
        tmp_path,
        f"--tls-cert={certificates.file('both.pem')}",
        f"--client-ca={certificates.file('ca.pem')}",
        "--client-san=kube-apiserver",
        context=certificates.client("kube-apiserver"),
    ) as server:
        with contextlib.closing(server.connection()) as idle:
            idle.connect()
            assert server.post(named("last")).status == 200
            with pytest.raises(REFUSED):
                posted(server, certificates.client("somebody.example"))
            assert server.stop() == 0
        assert server.names() == ["last"]
        assert "refused for the names in its certificate: 'somebody.example'" in server.errors


def test_names_are_compared_as_what_they_are() -> None:
    names = (("DNS", "A.Example"), ("URI", "spiffe://A/b"), ("IP Address", "2001:DB8:0:0:0:0:0:1"))
    expected = {"a.example", "spiffe://A/b", "2001:db8::1"}
    assert names_in({"subjectAltName": names}) == expected
    assert names_in(None) == names_in({}) == frozenset()


@pytest.mark.parametrize("way", ["plain", "tls", "gate"])
def test_who_reads_no_answers_is_disconnected(
    way: str, certificates: Certificates, tmp_path: Path
) -> None:
    """Otherwise a few such clients would have all the connections that there may be."""
    options = ["--timeout=1"]
    if way != "plain":
        options.append(f"--tls-cert={certificates.file('both.pem')}")
    if way == "gate":
        options += [f"--client-ca={certificates.file('ca.pem')}", "--client-san=kube-apiserver"]
    known = None if way == "plain" else certificates.client("kube-apiserver")
    with (
        serving(tmp_path, *options, context=known) as server,
        socket.create_connection(("127.0.0.1", server.port), LONG) as connection,
    ):
        client = known.wrap_socket(connection, server_hostname="localhost") if known else connection
        with client, pytest.raises(REFUSED):
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 300_000)


# --- what is refused before anything begins -------------------------------------------------


@pytest.fixture
def files(certificates: Certificates, tmp_path: Path) -> dict[str, str]:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "token").write_text("secret")
    return {
        "rules": f"--rules={rules}",
        "cert": f"--tls-cert={certificates.file('both.pem')}",
        "ca": f"--client-ca={certificates.file('ca.pem')}",
        "token": f"--token-file={tmp_path / 'token'}",
        "empty": f"--token-file={tmp_path / 'empty'}",
        "key": f"--tls-key={certificates.file('key.pem')}",
        "san": "--client-san=x",
        "any": "--listen=:9765",
        "six": "--listen=[2001:db8::1]:9765",
        "local": "--listen=127.0.0.1:9765",
        "insecure": "--insecure",
    }


BOTH = "TLS (--tls-cert) and authentication (--client-ca or --token-file)"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("any", BOTH),
        ("", BOTH),
        ("six", BOTH),
        ("any cert", "has to be authentication (--client-ca or --token-file);"),
        ("any token", "has to be TLS (--tls-cert);"),
        ("local key", "--tls-key, --client-ca and --client-san go with --tls-cert"),
        ("local ca", "--tls-key, --client-ca and --client-san go with --tls-cert"),
        ("local cert san", "--client-san goes with --client-ca"),
        ("local empty", "there is no token in"),
    ],
)
def test_what_is_not_safe_is_refused(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], options: str, complaint: str
) -> None:
    given = [files[name] for name in options.split()]
    with pytest.raises(SystemExit) as ended:
        main(["serve", files["rules"], *given])
    error = capsys.readouterr().err
    assert (ended.value.code, error.count("\n")) == (BAD_USAGE, 1)
    assert complaint in error


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("--listen=9765", "is no address"),
        ("--listen=127.0.0.1:0", "is no address"),
        ("--listen=127.0.0.1:70000", "is no address"),
        ("--listen=example.org:9765", "is no IP address"),
        ("--endpoint=k8s", "is no path"),
        ("--endpoint=/metrics", "is no path"),
        ("--endpoint=/a?b", "is no path"),
    ],
)
def test_addresses_and_paths_are_looked_at(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], value: str, complaint: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", files["rules"], "--insecure", value])
    error = capsys.readouterr().err
    assert (ended.value.code, error.count("\n")) == (BAD_USAGE, 1)
    assert complaint in error


def test_other_machines_are_listened_to_if_that_is_wanted(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    with serving(tmp_path, "--insecure", "--listen=:{port}", rules=[rules]) as server:
        assert server.post(named("x")).status == 200


def test_a_certificate_that_is_none_is_refused(files: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    bad = f"--tls-cert={tmp_path / 'bad.pem'}"
    for more in ((), (files["ca"], files["san"])):
        journal = f"--journal={tmp_path / 'journal'}"
        result = CliRunner().invoke(command, [files["rules"], files["local"], bad, *more, journal])
        assert result.exit_code == 4
        assert "cannot use the certificates" in result.stderr


def test_a_listener_that_is_stopped_while_it_begins_ends(certificates: Certificates) -> None:
    tls = Tls(
        Path(certificates.file("both.pem")),
        Path(certificates.file("both.pem")),
        Path(certificates.file("ca.pem")),
        frozenset({"kube-apiserver"}),
    )

    async def nobody(*_: object) -> None:
        """Answer nothing."""

    async def begun(turns: int) -> None:
        listener = Listener(Listen("127.0.0.1", free_port(), "/", tls), Limits(), print)
        serving = asyncio.ensure_future(listener.serve(nobody))
        for _ in range(turns):  # of the event loop: the gate takes a few to open
            await asyncio.sleep(0)
        listener.stop()
        await asyncio.wait_for(serving, 10)

    for turns in range(8):
        asyncio.run(begun(turns))


def test_without_the_extra_it_says_what_is_missing(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulec.commands.serve.find_spec", lambda name: None)
    with pytest.raises(SystemExit) as ended:
        main(["serve", files["rules"], files["local"]])
    error = capsys.readouterr().err
    assert (ended.value.code, error.count("\n")) == (BAD_USAGE, 1)
    assert "pip install 'rulec[server]'" in error
