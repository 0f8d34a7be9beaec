"""Certificates made by the `openssl` command, for one test."""

import pathlib
import subprocess

WITHIN_S = 30


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


class Certificate:
    """A self-signed certificate with its key, in a folder as certbot lays one out."""

    def __init__(self, folder: pathlib.Path, *names: str, made_at: str | None = None, days: int = 30,
                 key: str = "ec"):
        """`made_at` is the day it begins, when that is not now."""
        folder.mkdir(parents=True, exist_ok=True)
        self.names = names
        self.file, self.key = folder / "fullchain.pem", folder / "privkey.pem"
        kind = {"ec": ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"), "rsa": ("rsa:2048",)}[key]
        # Written aside and moved, so that a server that reads meanwhile finds one or the other.
        fresh = [folder / f".{path.name}" for path in (self.file, self.key)]
        run(*(("faketime", made_at) if made_at else ()), "openssl", "req", "-x509", "-newkey", *kind, "-nodes",
            "-days", str(days), "-subj", f"/CN={names[0]}", "-addext",
            "subjectAltName=" + ",".join(("IP:" if name[0].isdigit() else "DNS:") + name for name in names),
            "-out", str(fresh[0]), "-keyout", str(fresh[1]))
        for made, path in zip(fresh, (self.file, self.key)):
            made.rename(path)

    @property
    def settings(self) -> dict:
        """The section `tls` of a configuration, on a free port."""
        return {"cert": str(self.file), "key": str(self.key), "port": 0}

    @property
    def ends(self) -> str:
        """As in `2027-01-31 12:00:00`, in UTC."""
        said = run("openssl", "x509", "-in", str(self.file), "-noout", "-enddate", "-dateopt", "iso_8601")
        return said.split("=")[1].strip().removesuffix("Z")

    @property
    def digest(self) -> str:
        return run("openssl", "x509", "-in", str(self.file), "-noout", "-fingerprint", "-sha256").split("=")[1].strip()


class Chain:
    """A certificate that an intermediate authority has signed, whose own a root has: clients trust the root alone."""

    def __init__(self, folder: pathlib.Path, name: str):
        folder.mkdir(parents=True)
        self.root = folder / "root.pem"
        for who, issuer, extra in [("root", None, "CA:TRUE"), ("middle", "root", "CA:TRUE"),
                                   ("leaf", "middle", "CA:FALSE")]:
            signed = ("-CA", f"{folder}/{issuer}.pem", "-CAkey", f"{folder}/{issuer}.key") if issuer else ()
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "30", "-subj", f"/CN={name if who == 'leaf' else who}", *signed,
                "-addext", f"basicConstraints=critical,{extra}", "-addext", f"subjectAltName=DNS:{name}",
                "-out", f"{folder}/{who}.pem", "-keyout", f"{folder}/{who}.key")
        self.file, self.key = folder / "fullchain.pem", folder / "leaf.key"
        self.file.write_text((folder / "leaf.pem").read_text() + (folder / "middle.pem").read_text())

    @property
    def settings(self) -> dict:
        return {"cert": str(self.file), "key": str(self.key), "port": 0}
