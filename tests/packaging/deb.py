#!/usr/bin/env python3
"""The Debian package: made, looked at by lintian, installed for good with dpkg, run, upgraded, removed, purged.

Needs: MIEN, the program of a release build; models and ONNX Runtime. dpkg installs into an overlay of this machine's own
root, which nothing leaves: that takes root and overlayfs. What is missing skips a test and says so; with
MIEN_TEST_ALL=1 it fails it. Ends with a line of counts.
"""
import http.client
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import boot

ROOT = Path(os.environ.get("MIEN_TEST_ROOT", Path(__file__).resolve().parents[2]))
MIEN = Path(os.environ.get("MIEN", ROOT / "build/mien"))
MODELS = Path(os.environ.get("MIEN_MODEL_DIR", ROOT / "build/models"))
LIBRARY = Path(os.environ.get("MIEN_INFER_LIBRARY", "/nonexistent"))
PICTURE = ROOT / "models/node_modules/@vladmandic/face-api/demo/sample1.jpg"
# Nothing of this machine's settings reaches what was installed.
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}

scratch = package = None


def need(there, what):
    if there:
        return
    if os.environ.get("MIEN_TEST_ALL") == "1":
        raise AssertionError(f"needed and not there: {what}")
    print(f"SKIPPED: not there: {what}", file=sys.stderr)
    raise unittest.SkipTest(what)


def setUpModule():
    global scratch, package
    need(b"__asan_init" not in MIEN.read_bytes() and b"__tsan_init" not in MIEN.read_bytes(), "a release build")
    need(LIBRARY.exists(), "ONNX Runtime")
    need((MODELS / "offline").is_dir(), "a model pack")
    need(shutil.which("dpkg-shlibdeps"), "dpkg-dev")
    scratch = Path(tempfile.mkdtemp(prefix="mien-deb-"))
    made = subprocess.run([ROOT / "tools/deb", MIEN.parent, scratch], capture_output=True, text=True, check=False,
                          env={**os.environ, "MIEN_DEB_LEVEL": "0", "MIEN_MODEL_DIR": str(MODELS)})
    if made.returncode != 0:
        raise AssertionError(made.stderr)
    package = Path(made.stdout.strip())


def tearDownModule():
    if scratch:
        shutil.rmtree(scratch)


def serve_and_ask(command, **more):
    """Starts, asks /healthz, stops; (exit status, what it said)."""
    process = subprocess.Popen([*command, "--set", "server.listen=127.0.0.1:0", "--set", "login.memory_kib=8192"],
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **more)
    said = ""
    for line in process.stderr:
        said += line
        if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", line):
            c = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=60)
            c.request("GET", "/healthz")
            said += f"healthz {c.getresponse().status}\n"
            c.close()
            process.send_signal(signal.SIGTERM)
    process.stderr.close()
    return process.wait(60), said


class Package(unittest.TestCase):
    def test_lintian(self):
        need(shutil.which("lintian"), "lintian")
        r = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", package], capture_output=True, text=True,
                           check=False)
        self.assertEqual((r.returncode, re.findall(r"(?m)^[EW]: .*", r.stdout)), (0, []))

    def test_runs_where_it_was_unpacked(self):
        there = scratch / "unpacked"
        subprocess.run(["dpkg-deb", "-x", package, there], check=True)
        mien = there / "usr/bin/mien"
        env = {**CLEAN, "HOME": str(scratch)}
        self.assertRegex(subprocess.run([mien, "version"], capture_output=True, text=True, check=True, env=env).stdout,
                         r"0\.1\.0")
        r = subprocess.run([mien, "serve", "--check", "--config", "/dev/null", "--data", scratch / "none"],
                           capture_output=True, text=True, check=False, env=env)
        self.assertEqual((r.returncode, r.stdout.count(": good")), (0, 4), r.stdout)
        status, said = serve_and_ask([mien, "serve", "--config", "/dev/null", "--data", scratch / "data"], env=env)
        self.assertEqual(status, 0, said)
        self.assertIn("healthz 200", said)

    def test_unit(self):
        need(shutil.which("systemd-analyze"), "systemd-analyze")
        there = scratch / "units"
        subprocess.run(["dpkg-deb", "-x", package, there], check=True)
        r = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15",
                            there / "lib/systemd/system/mien.service"], capture_output=True, text=True, check=False)
        self.assertEqual(r.returncode, 0, r.stdout[-400:])
        # Nothing else is said of it but that the program is not installed on this machine.
        r = subprocess.run(["systemd-analyze", "verify", "--man=no", there / "lib/systemd/system/mien.service",
                            there / "lib/systemd/system/mien.socket"], capture_output=True, text=True, check=False)
        self.assertEqual([l for l in r.stderr.splitlines() if "mien" in l and "is not executable" not in l], [])


class Installed(unittest.TestCase):
    def test_from_installation_to_purge(self):
        need(os.geteuid() == 0, "root, to install with dpkg")
        place = scratch / "place"
        place.mkdir()
        probe = subprocess.run(["unshare", "-m", sys.executable, __file__, "--mount", place, "true"], capture_output=True,
                               check=False)
        need(probe.returncode == 0, "overlayfs in a mount namespace")
        self.in_place(place, "inside")

    def in_place(self, place, what):
        env = {**os.environ, "MIEN_TEST_PACKAGE": str(package)}
        r = subprocess.run(["unshare", "-m", sys.executable, __file__, "--mount", place, what], capture_output=True, text=True,
                           check=False, env=env)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)

    def test_with_systemd(self):
        need(os.geteuid() == 0 and shutil.which("nsenter"), "root, to start a systemd")
        need(Path("/lib/systemd/systemd").exists(), "systemd")
        if not boot.control_groups(): # a right that no package gives
            print("SKIPPED: no control groups that a systemd could be started in", file=sys.stderr)
            self.skipTest("control groups")
        need(shutil.which("curl"), "curl")
        need(shutil.which("openssl"), "openssl")
        place = scratch / "booted"
        place.mkdir()
        self.in_place(place, "boot")


# ---- inside of the mount namespace, with another root ----


def mount(place):
    """An overlay of this machine's root at place/root; all of it goes with the namespace."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    for name in ("upper", "work", "root"):
        (place / name).mkdir()
    root = place / "root"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={place}/upper,workdir={place}/work", root],
                   check=True)
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    subprocess.run(["mount", "--rbind", "/dev", root / "dev"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", root / "tmp"], check=True)
    return root


def run_in(root, *command, good=0, **more):
    r = subprocess.run(["chroot", root, *command], capture_output=True, text=True, check=False, env=CLEAN, **more)
    assert r.returncode == good, (command, r.returncode, r.stdout, r.stderr)
    return r


def install(root):
    """What the installation said."""
    shutil.copy(os.environ["MIEN_TEST_PACKAGE"], root / "tmp/mien.deb")
    shutil.copy(PICTURE, root / "tmp/picture.jpg")
    return run_in(root, "dpkg", "-i", "/tmp/mien.deb").stdout


def inside(root):
    """Raises where something is not as it should be."""

    def run(*command, good=0, **more):
        return run_in(root, *command, good=good, **more)

    def mode(path):
        s = (root / path).stat()
        return stat.S_IMODE(s.st_mode), s.st_uid, s.st_gid

    as_mien = ("runuser", "-u", "mien", "--")
    assert "mien user add" in install(root)
    uid, gid = (int(run("id", option, "mien").stdout) for option in ("-u", "-g"))
    assert uid < 1000, uid
    assert mode("etc/mien.conf") == (0o640, 0, gid), mode("etc/mien.conf")
    assert mode("var/lib/mien") == (0o700, uid, gid), mode("var/lib/mien")

    assert run(*as_mien, "mien", "serve", "--check").stdout.count(": good") == 4
    assert json.loads(run(*as_mien, "mien", "detect", "--json", "/tmp/picture.jpg").stdout)["faces"]
    run(*as_mien, "mien", "user", "add", "olga", "--role", "administrator")
    serve = ("chroot", "--userspec=mien:mien", root, "mien", "serve", "--config", "/etc/mien.conf")
    status, said = serve_and_ask(serve, env=CLEAN)
    assert status == 0 and "healthz 200" in said, (status, said)
    assert "shown this once" not in said, said  # olga is there

    # An upgrade keeps what the operator changed, and who may read it.
    conf = root / "etc/mien.conf"
    conf.write_text(conf.read_text() + "face.max = 7\n")
    run("chmod", "0600", "/etc/mien.conf")
    run("dpkg", "-i", "/tmp/mien.deb")
    assert conf.read_text().endswith("face.max = 7\n")
    assert mode("etc/mien.conf") == (0o600, 0, gid)
    run("chmod", "0640", "/etc/mien.conf")
    assert "olga" in run(*as_mien, "mien", "user", "list").stdout

    run("dpkg", "-r", "mien")
    assert not (root / "usr/bin/mien").exists() and not (root / "usr/share/mien").exists()
    assert conf.exists() and (root / "var/lib/mien/mien.db").exists()
    assert "was left" in run("dpkg", "-P", "mien").stderr
    assert not conf.exists() and (root / "var/lib/mien/mien.db").exists()
    assert run("dpkg", "-s", "mien", good=1)

    # And purged without anybody's records.
    run("rm", "-r", "/var/lib/mien")
    run("dpkg", "-i", "/tmp/mien.deb")
    run("dpkg", "-P", "mien")
    assert not (root / "var/lib/mien").exists()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--mount"]:
        new_root = mount(Path(sys.argv[2]))
        if sys.argv[3] == "inside":
            inside(new_root)
        if sys.argv[3] == "boot":
            install(new_root)
            boot.inside(new_root, PICTURE)
    else:
        unittest.main()
