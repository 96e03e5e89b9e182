"""Certificates for the server and for its clients, signed by an authority of our own."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificates:
    """Files in PEM: the authority, and certificates with their keys.

    With ``names`` the server asks for a name in the certificate of the client.
    """

    ca: Path
    server: Path
    client: Path
    names: bool = True

    @classmethod
    def made(cls, folder: Path, *, names: bool = True) -> "Certificates":
        """Make certificates in a folder."""
        authority = trustme.CA()
        files = cls(folder / "ca.pem", folder / "server.pem", folder / "client.pem", names)
        authority.cert_pem.write_to_path(files.ca)
        for file, name in ((files.server, "127.0.0.1"), (files.client, "kube-apiserver")):
            authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(file)
        return files

    def context(self) -> ssl.SSLContext:
        """Return how a client connects."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.load_cert_chain(self.client)
        return context

    @property
    def options(self) -> tuple[str, ...]:
        """The options of the server: it takes no client without a certificate."""
        options = ("--tls-cert", str(self.server), "--client-ca", str(self.ca))
        return (*options, "--client-san", "kube-apiserver") if self.names else options
