"""The shipped proxy files before a lab: the files themselves, with ports, a certificate and a fault put in."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import children
from tests.places import ROOT
from tests.waiting import until

NAME = "lab.example.org"  # as the shipped files call the site
FILES = {"nginx": "nginx.conf", "caddy": "Caddyfile"}
VARIANTS = {"root": "", "stripped": "Below a path instead", "kept": "Below a path, with the path kept"}


class Proxy:
    """nginx or Caddy with the shipped file, over TLS with a certificate of its own, on a free port of this computer.

    `variant`: the lab at the root of the site, or below /lab/ with that path taken off or kept. `changes` replace
    pieces of the file, which have to be in it.
    """

    def __init__(
        self,
        kind: str,
        folder: Path,
        lab: int,
        variant: str = "root",
        tls: bool = True,
        changes: Sequence[tuple[str, str]] = (),
    ) -> None:
        if shutil.which(kind) is None:
            pytest.skip(f"there is no {kind} on this machine (on Debian or Ubuntu: apt-get install {kind})")
        self.folder, self.port, self.plain_port = folder, free_port(), free_port()
        self.name, self.scheme = NAME, "https" if tls else "http"
        text = varied((ROOT / "deploy" / FILES[kind]).read_text(encoding="utf-8"), VARIANTS[variant])
        for old, new in changes:
            assert old in text, f"deploy/{FILES[kind]} has no {old!r}"
            text = text.replace(old, new)
        certificate = self_signed(folder) if tls else None
        command = getattr(self, f"_{kind}")(text.replace("lab:8501", f"127.0.0.1:{lab}"), certificate)
        self.path = "" if variant == "root" else "lab/"
        self.log = folder / f"{kind}.log"
        with self.log.open("ab") as output:
            own = children.environment(XDG_CONFIG_HOME=str(folder), XDG_DATA_HOME=str(folder))
            self.process = subprocess.Popen(command, cwd=folder, env=own, stdout=output, stderr=output)
        until(lambda: self.process.poll() is not None or self._listens())
        assert self.process.poll() is None, self.log.read_text()[-2000:]

    @property
    def site(self) -> str:
        """The address of the site, by the name that a test may choose."""
        return f"{self.scheme}://{self.name}:{self.port}/"

    @property
    def root(self) -> str:
        """The address of the lab."""
        return self.site + self.path

    def connect(self) -> socket.socket:
        """A connection, over TLS where the proxy speaks it."""
        bare = socket.create_connection(("127.0.0.1", self.port))
        return trusting().wrap_socket(bare, server_hostname=NAME) if self.scheme == "https" else bare

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()

    def _listens(self) -> bool:
        try:
            self.connect().close()
        except OSError:
            return False
        return True

    def _nginx(self, text: str, certificate: tuple[Path, Path] | None) -> list[str]:
        """The file within what a distribution's nginx.conf has around it; one process, its files in the folder."""
        if certificate is None:
            text = re.sub(r" *ssl_certificate.*\n", "", text).replace("443 ssl", "443")
        else:
            for name, file in zip(("fullchain.pem", "privkey.pem"), certificate, strict=True):
                text = text.replace(f"/etc/ssl/lab/{name}", str(file))
        text = text.replace("listen 80;", f"listen 127.0.0.1:{self.plain_port};")
        text = text.replace("listen 443", f"listen 127.0.0.1:{self.port}")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        around = f"pid {self.folder}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{text}\n}}\n"
        file = self.folder / "nginx.conf"
        file.write_text(around, encoding="utf-8")
        return [
            "nginx",
            "-p",
            str(self.folder),
            "-c",
            str(file),
            "-e",
            "stderr",
            "-g",
            "daemon off; master_process off;",
        ]

    def _caddy(self, text: str, certificate: tuple[Path, Path] | None) -> list[str]:
        """The file with the port for its site; no administration, no redirects, nothing asked of an authority."""
        site = f"{self.scheme}://:{self.port} {{" if certificate is None else f"https://{NAME}:{self.port} {{"
        named = "" if certificate is None else "\n\ttls {} {}".format(*certificate)
        text = text.replace(f"{NAME} {{", f"{site}\n\tbind 127.0.0.1{named}")
        named = "" if certificate is None else f"\n\tdefault_sni {NAME}"
        text = text.replace("{\n\tservers", f"{{\n\tadmin off\n\tauto_https off{named}\n\tservers", 1)
        file = self.folder / "Caddyfile"
        file.write_text(text, encoding="utf-8")
        return ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)]


def varied(text: str, heading: str) -> str:
    """The file with a variant that it has in comments in place of the lab at the root; "" leaves it as it is."""
    if not heading:
        return text
    found = re.search(rf"[ \t]*# {heading}.*:\n((?:[ \t]*#.*\n)+)", text)
    assert found, f"the file has no variant {heading!r}"
    text = re.sub(r"    location / \{[^}]*\}\n|\treverse_proxy lab:8501\n", "", text, count=1)
    return text.replace(found[1], re.sub(r"(?m)^([ \t]*)# ?", r"\1", found[1]))


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for the site's name and its key, which nobody has signed."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl on this machine to make a certificate with")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    names = ("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}")
    made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(["openssl", "req", "-x509", *made, *names, *files], check=True, capture_output=True)
    return certificate, key


def trusting() -> ssl.SSLContext:
    """A context that takes the certificates of these tests."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
