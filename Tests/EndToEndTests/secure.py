"""A server with TLS, as a client sees it that trusts this server alone."""

import socket
import ssl
import subprocess
import time

from certificates import WITHIN_S, Certificate
from server import TOKEN, Server

ASK = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Secure:
    """A server with TLS and the certificate that clients have to trust."""

    def __init__(self, server: Server, certificate: Certificate):
        self.server, self.certificate = server, certificate
        self.port = int((server.data / "tls-port").read_text())

    def context(self, **attributes) -> ssl.SSLContext:
        """A client's, which trusts this server alone."""
        context = ssl.create_default_context(cafile=self.certificate.file)
        for name, value in attributes.items():
            setattr(context, name, value)
        return context

    def open(self, context: ssl.SSLContext | None = None, name: str = "localhost", **arguments) -> ssl.SSLSocket:
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        return (context or self.context()).wrap_socket(raw, server_hostname=name, **arguments)

    def metric(self, name: str, **labels) -> float:
        """One series of a scrape."""
        wanted = name + ("{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}" if labels else "")
        for line in self.server.request("GET", "/metrics", token=TOKEN).text.splitlines():
            if line.startswith(wanted + " "):
                return float(line.split()[1])
        raise AssertionError(f"no {wanted}")

    def until(self, name: str, least: float, **labels) -> None:
        """Returns once the series has come this far."""
        end = time.monotonic() + 10
        while self.metric(name, **labels) < least:
            assert time.monotonic() < end, f"{name} {labels} is {self.metric(name, **labels)}"

    def shown(self, name: str) -> str:
        """The common name of the certificate that a client gets who asks for a name."""
        context = ssl._create_unverified_context()
        with self.open(context, name) as connection:
            der = connection.getpeercert(binary_form=True)
        text = subprocess.run(["openssl", "x509", "-inform", "der", "-noout", "-subject"], input=der,
                              capture_output=True, timeout=WITHIN_S).stdout.decode()
        return text.rsplit("CN = ", 1)[1].strip()

    def reload(self):
        return self.server.request("POST", "/api/tls/reload", token=TOKEN, body=b"")
