"""The servers that are measured: ours and its peers. A peer that cannot be had here is left out with one line."""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import platform
import re
import select
import shutil
import subprocess
import sys
import tarfile
import time

from machine import BUILD, HERE, SERVER_CORE, compile_c, pinned

OURS, UWEBSOCKETS = "gameserver", "uWebSockets"
START_WITHIN_S = 60     # callgrind is slow to begin with
UWEBSOCKETS_PACKAGE = ("socketify", "0.0.31", "7502bed5b382e75f04ea3c6d6b53b76f27bb8653740db92e3f2b55fab388df20")
UWEBSOCKETS_LIBRARY = "libsocketify_linux_amd64.so"
PYTHON_PACKAGES = ["websockets==17.4", "uvloop==0.23.0"]
GO_SOURCES = pathlib.Path("/usr/share/gocode")


@dataclasses.dataclass(frozen=True)
class Server:
    """A program that serves echoes at `/` and prints its port; with `fans_out`, at `/fanout` what one says to all."""

    name: str
    command: list[str]
    what: str
    fans_out: bool = True


def all_servers(ours: str, only: list[str] | None) -> list[Server]:
    """Ours first, then every peer that can be built here; `only` names the peers that are asked for."""
    servers = [Server(OURS, [ours, "echo", "--port", "0"], "the bare engine, gameserver echo")]
    for name, build in {UWEBSOCKETS: uwebsockets, "Beast": beast, "gorilla": gorilla, "websockets": websockets}.items():
        if only is not None and name.lower() not in only:
            continue
        (BUILD / "peers").mkdir(parents=True, exist_ok=True)
        made = build()
        if isinstance(made, Server):
            servers.append(made)
        else:
            print(f"without {name}: {made}")
    return servers


# Each returns the server, or one sentence that says why there is none.


def uwebsockets() -> Server | str:
    if platform.machine() != "x86_64" or sys.platform != "linux":
        return "its library exists for Linux on x86-64 only"
    library = BUILD / "uws" / UWEBSOCKETS_LIBRARY
    if not library.exists() and (trouble := fetch_library(library)):
        return trouble
    binary = BUILD / "uws" / "uws_echo"
    try:
        compile_c(HERE / "peers/uws_echo.c", binary, f"-L{library.parent}", f"-l:{library.name}",
                  f"-Wl,-rpath,{library.parent}")
    except subprocess.CalledProcessError:
        binary.unlink(missing_ok=True)
        return "it does not link; it needs the Debian package libuv1"
    return Server(UWEBSOCKETS, [str(binary)], f"the C++ library inside {'=='.join(UWEBSOCKETS_PACKAGE[:2])} (2024)")


def fetch_library(library: pathlib.Path) -> str | None:
    """Takes the library out of the source archive of the package, whose digest is checked."""
    name, version, digest = UWEBSOCKETS_PACKAGE
    library.parent.mkdir(parents=True, exist_ok=True)
    archive = library.parent / f"{name}-{version}.tar.gz"
    if not archive.exists():
        done = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:",
                               "-d", library.parent, f"{name}=={version}"], capture_output=True, text=True)
        if done.returncode or not archive.exists():
            return f"{name} {version} cannot be downloaded: {done.stderr.strip()[-200:]}"
    if hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
        return f"{archive.name} is not the archive that is known"
    with tarfile.open(archive) as tar:
        member = next(m for m in tar.getmembers() if m.name.endswith(f"/{library.name}"))
        library.write_bytes(tar.extractfile(member).read())
    return None


def beast() -> Server | str:
    if not pathlib.Path("/usr/include/boost/beast.hpp").exists() or not shutil.which("c++"):
        return "it needs the Debian packages g++ and libboost-dev"
    source, binary = HERE / "peers/beast_echo.cpp", BUILD / "peers/beast_echo"
    command = ["c++", "-std=c++17", "-O3", "-DNDEBUG", "-Wall", "-Wextra", "-o", binary, source, "-pthread"]
    if trouble := build(source, binary, command):
        return trouble
    version = re.search(r'BOOST_LIB_VERSION "(\S+)"', pathlib.Path("/usr/include/boost/version.hpp").read_text())
    return Server("Beast", [str(binary)], f"Boost {version[1].replace('_', '.')}, one io_context", fans_out=False)


def gorilla() -> Server | str:
    if not (GO_SOURCES / "src/github.com/gorilla/websocket").exists() or not shutil.which("go"):
        return "it needs the Debian packages golang-go and golang-github-gorilla-websocket-dev"
    source, binary = HERE / "peers/gorilla/main.go", BUILD / "peers/gorilla"
    offline = {"GO111MODULE": "off", "GOPATH": str(GO_SOURCES), "GOFLAGS": "", "GOCACHE": str(BUILD / "peers/go-cache")}
    if trouble := build(source, binary, ["go", "build", "-o", binary, source], env={**os.environ, **offline}):
        return trouble
    version = subprocess.run(["go", "version"], capture_output=True, text=True).stdout.split()[2]
    return Server("gorilla", [str(binary)], f"Debian's gorilla/websocket, {version}")


def websockets() -> Server | str:
    python = BUILD / "peers/python/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
    done = subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PYTHON_PACKAGES],
                          capture_output=True, text=True)
    if done.returncode:
        return f"its packages cannot be installed: {done.stderr.strip()[-200:]}"
    return Server("websockets", [str(python), str(HERE / "peers/websockets_echo.py")],
                  f"{' on '.join(PYTHON_PACKAGES)}, Python {platform.python_version()}")


def build(source: pathlib.Path, binary: pathlib.Path, command: list, env: dict | None = None) -> str | None:
    if binary.exists() and binary.stat().st_mtime > source.stat().st_mtime:
        return None
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    return f"it does not build: {done.stderr.strip()[-300:]}" if done.returncode else None


@contextlib.contextmanager
def running(command: list, wrapper: tuple = ()):
    """A server on its core: its process and its port."""
    # Without a buffer: a line that waits in one is not seen by `select`.
    process = subprocess.Popen(pinned(SERVER_CORE, [*wrapper, *command]), stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, bufsize=0)
    try:
        yield process, read_port(process, command)
    finally:
        process.kill()
        process.wait()


def read_port(process: subprocess.Popen, command: list) -> int:
    """The port of the next address that is printed, or a line that is a number."""
    until = time.monotonic() + START_WITHIN_S
    while select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
        line = process.stdout.readline().decode()
        if not line:
            break
        if found := re.search(r"127\.0\.0\.1:(\d+)|^(\d+)$", line.strip()):
            return int(found[1] or found[2])
    raise SystemExit(f"{command[0]}: no port within {START_WITHIN_S} s")
