#!/usr/bin/env python3
"""The container file: an image is built from it, started as it says, asked as it says, and stopped as it says.

Usage: container.py [--whole]. The package is made of MIEN, the program of a release build, and the file's last stage
installs it; with --whole the first stage is built too, which sets up and compiles everything anew (`make
container-whole`). The base image is made here, by debootstrap, as no registry is asked for one.

Needs: root, buildah, debootstrap, a Debian mirror. It runs in a network of its own, where nobody else has the port.
"""
import fcntl
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(os.environ.get("MIEN_TEST_ROOT", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("MIEN", ROOT / "build/mien")).parent
BASE = "docker.io/library/debian:12-slim"  # the name by which the file asks for it
TAG = "localhost/mien:test"
CERTIFICATES = Path("/usr/local/share/ca-certificates")
PATIENCE_S = 120


class Buildah:
    """buildah with images and containers in a folder of its own, without what needs a kernel's container features."""

    def __init__(self, place):
        self.command = ["buildah", "--root", place / "images", "--runroot", place / "running", "--storage-driver", "vfs"]
        self.env = {**os.environ, "BUILDAH_ISOLATION": "chroot"}

    def start(self, *args):
        return subprocess.Popen([*self.command, *args], env=self.env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def ok(self, *args):
        r = subprocess.run([*self.command, *args], env=self.env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, check=False)
        assert r.returncode == 0, f"buildah {args[0]}: {r.stdout[-4000:]}"
        return r.stdout


def make_base(b, place):
    subprocess.run(["debootstrap", "--variant=minbase", "bookworm", place / "base", "http://deb.debian.org/debian"], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["tar", "-C", place / "base", "--exclude=./var/cache/apt/archives/*.deb", "-cf", place / "base.tar", "."], check=True)
    shutil.rmtree(place / "base")
    empty = b.ok("from", "scratch").strip()
    b.ok("add", "--quiet", empty, place / "base.tar", "/")
    b.ok("commit", "--quiet", "--rm", empty, BASE)
    (place / "base.tar").unlink()


def make_image(b, place, whole):
    """Docker's format, as that of OCI knows no health check."""
    given = []
    if not whole:  # what the first stage would have made
        (place / "made/src/build").mkdir(parents=True)
        subprocess.run([ROOT / "tools/deb", BUILD, place / "made/src/build"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "MIEN_DEB_LEVEL": "0"})
        given = ["--build-context", f"build={place}/made"]
    elif any(CERTIFICATES.glob("*.crt")):  # this host trusts somebody in between
        given = ["--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"]
    said = b.ok("bud", "--pull=never", "--format", "docker", *given, "-f", ROOT / "packaging/container/Containerfile", "-t", TAG, ROOT)
    assert "warning" not in said, said[-2000:]


def read_config(b, container):
    """What the image says of how it is run."""
    config = json.loads(b.ok("inspect", container))["Docker"]["config"]
    kept = {name: config.get(name) for name in ("User", "Volumes", "ExposedPorts", "StopSignal")}
    assert kept == {"User": "mien", "Volumes": {"/var/lib/mien": {}}, "ExposedPorts": {"8080/tcp": {}}, "StopSignal": "SIGTERM"}, kept
    kind, *check = config["Healthcheck"]["Test"]
    assert kind == "CMD-SHELL", kind
    return config["Entrypoint"] + config["Cmd"], ["sh", "-c", *check]


def raise_loopback():
    """All that there is in a new network."""
    with socket.socket() as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


def process_of(command, under):
    """The id of the process with that command line somewhere under another; None: not there."""
    for child in " ".join(p.read_text(encoding="ascii") for p in Path(f"/proc/{under}/task").glob("*/children")).split():
        words = Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8").split("\0")[:-1]
        found = child if words == command else process_of(command, child)
        if found:
            return found
    return None


def wait(done, running, what):
    until = time.monotonic() + PATIENCE_S
    while not (got := done()):
        if time.monotonic() > until or running.poll() is not None:
            running.terminate()  # which it hands on
            raise AssertionError(f"{what}: does not come\n{running.stdout.read()[-2000:]}")
        time.sleep(0.2)
    return got


def check_life(b, container, command, health):
    def healthy():
        return subprocess.run([*b.command, "run", container, "--", *health], env=b.env, capture_output=True, check=False).returncode == 0

    assert not healthy(), "healthy, with nothing running"
    running = b.start("run", container, "--", *command)
    pid = wait(lambda: process_of(command, running.pid), running, "the program")
    wait(healthy, running, "health")
    status = dict(re.findall(r"(?m)^(\w+):\s+(.*)$", Path(f"/proc/{pid}/status").read_text(encoding="utf-8")))
    assert "0" not in status["Uid"].split() + status["Gid"].split(), status
    subprocess.run(["kill", "-TERM", pid], check=True)
    said, _ = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0 and "listening on http://[::]:8080" in said, (running.returncode, said[-2000:])
    return status["Uid"].split()[0]


def check_data(b, container, uid):
    """The volume is mien's alone, and what it wrote is there."""
    assert b.ok("run", container, "--", "stat", "-c", "%u %a", "/var/lib/mien", "/var/lib/mien/mien.db").split() == [uid, "700", uid, "600"]
    found = subprocess.run([*b.command, "run", container, "--", "touch", "/usr/share/mien/written"], env=b.env, capture_output=True, check=False)
    assert found.returncode != 0, "it may write where the program lies"


def inside(b):
    """In a network of its own, and with processes that end with it."""
    raise_loopback()
    container = b.ok("from", "--pull-never", TAG).strip().splitlines()[-1]
    command, health = read_config(b, container)
    check_data(b, container, check_life(b, container, command, health))


def main():
    if os.geteuid() != 0 or not shutil.which("buildah") or not shutil.which("debootstrap"):
        sys.exit("container: needs root, buildah and debootstrap (apt-get install buildah debootstrap)")
    place = Path(tempfile.mkdtemp(prefix="mien-container-"))
    try:
        b = Buildah(place)
        make_base(b, place)
        make_image(b, place, "--whole" in sys.argv[1:])
        subprocess.run(["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, "-B", __file__, "--inside",
                        place], check=True)
        print("container: it is built, healthy, nobody's superuser, and stops when told to")
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(Buildah(Path(sys.argv[2])))
    else:
        main()
