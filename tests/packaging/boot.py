"""A real systemd in a container made of a folder: process, network and control groups of its own. See deb.py."""
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

PATIENCE_S = 120
PICTURE = "srv/picture.jpg"  # systemd empties /tmp


def control_groups():
    """Where control groups of version 2 can be made; None: nowhere."""
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, where, kind, options = line.split()[:4]
        if kind == "cgroup2" and "rw" in options.split(",") and os.access(where, os.W_OK):
            return Path(where)
    return None


class System:
    """systemd as process 1 on this root, with nothing but what mien.service needs."""

    def __init__(self, root):
        self.root = root
        self.group = control_groups() / f"mien-boot-{os.getpid()}"
        self.group.mkdir()
        units = root / "etc/systemd/system"
        (units / "test.target").write_text("[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n", encoding="utf-8")
        # No devices, clocks or disks of the machine that this runs on.
        for name in ("systemd-udevd.service", "systemd-udev-trigger.service", "systemd-timesyncd.service", "systemd-networkd.service",
                     "systemd-resolved.service", "e2scrub_reap.service", "systemd-modules-load.service", "systemd-sysctl.service"):
            (units / name).unlink(missing_ok=True)
            (units / name).symlink_to("/dev/null")
        (root / "etc/machine-id").write_text("", encoding="utf-8")
        self.log = open(root.parent / "systemd.log", "wb")  # pylint: disable=consider-using-with
        (root / "outside").mkdir()
        # No chroot, in which nobody gets a user namespace (PrivateUsers=); shared mounts, as those of credentials are handed on.
        inner = (f"cd {root} && mount -t sysfs sysfs sys && mount -t cgroup2 cgroup2 sys/fs/cgroup && mount -t tmpfs tmpfs run && "
                 "pivot_root . outside && umount -l /outside && mount --make-rshared / && "
                 "exec /lib/systemd/systemd --system --unit=test.target --log-target=console --show-status=no")
        outer = (f"echo $$ > {self.group}/cgroup.procs && exec unshare --cgroup --pid --fork --kill-child --uts --ipc --net "
                 f"--mount-proc={root}/proc sh -c '{inner}'")
        self.process = subprocess.Popen(["sh", "-c", outer], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env={"PATH": os.environ["PATH"], "container": "mien-test"})
        self.first = self._first()
        self.wait(lambda: self.run("systemctl", "is-active", "test.target").stdout == "active\n", "the target")

    def _first(self):
        """Process 1, as seen from here."""
        until = time.monotonic() + PATIENCE_S
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        while self.process.poll() is None and time.monotonic() < until:
            try:
                for pid in children.read_text(encoding="utf-8").split():
                    if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8") == "systemd\n":
                        return pid
            except OSError:
                pass  # one that ended just now
            time.sleep(0.05)
        raise AssertionError(f"systemd does not start:\n{self.said()}")

    def said(self):
        return (self.root.parent / "systemd.log").read_text(encoding="utf-8", errors="replace")[-6000:]

    def run(self, *command, **more):
        """A command in there."""
        return subprocess.run(["nsenter", "-t", self.first, "--all", "--root", "--wd=/", *map(str, command)], capture_output=True,
                              text=True, check=False, timeout=PATIENCE_S, **more)

    def ok(self, *command, **more):
        r = self.run(*command, **more)
        if r.returncode != 0:
            raise AssertionError((command, r.returncode, r.stdout, r.stderr, self.journal(), self.said()))
        return r.stdout

    def journal(self):
        return self.run("sh", "-c", "systemctl status mien; journalctl -u mien --no-pager -n 60").stdout

    def show(self, name):
        return self.ok("systemctl", "show", "mien", "-p", name, "--value").strip()

    def wait(self, done, what):
        until = time.monotonic() + PATIENCE_S
        while not done():
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(f"{what}: does not come\n{self.journal()}\n{self.said()}")
            time.sleep(0.1)

    def ask(self, path, address="http://127.0.0.1:8080", *more):
        return self.ok("curl", "-sS", "--max-time", "60", *more, address + path)

    def stop(self):
        self.process.kill()  # and all in there with it
        self.process.wait()
        self.log.close()
        self.wait_empty()

    def wait_empty(self):
        until = time.monotonic() + PATIENCE_S
        for folder in sorted((p for p in self.group.rglob("*") if p.is_dir()), reverse=True):
            while time.monotonic() < until:
                try:
                    folder.rmdir()
                    break
                except OSError:
                    time.sleep(0.05)
        self.group.rmdir()


def status(system):
    """What the kernel says of the service's process."""
    pid = system.show("MainPID")
    return dict(re.findall(r"(?m)^(\w+):\s+(.*)$", system.ok("cat", f"/proc/{pid}/status")))


def check_service(s):
    s.ok("systemctl", "start", "mien")  # which waits for READY=1
    assert (s.show("ActiveState"), s.show("SubState"), s.show("Result")) == ("active", "running", "success")
    assert s.show("StatusText").startswith("Listening on http://127.0.0.1:8080"), s.show("StatusText")
    assert json.loads(s.ask("/readyz"))["ready"] is True
    once = re.search(r"shown this once:\s+.*?((?:[a-km-np-z2-9]{5}-){3}[a-km-np-z2-9]{5})", s.journal(), re.S)
    assert once, s.journal()


def check_sandbox(s):
    of = status(s)
    uid = s.ok("id", "-u", "mien").strip()
    assert of["Uid"].split()[0] != "0" and (of["NoNewPrivs"], of["Seccomp"]) == ("1", "2"), of
    assert int(of["CapEff"], 16) == int(of["CapBnd"], 16) == 0, of
    owner = s.ok("stat", "-c", "%u %a", "/var/lib/mien").split()
    assert owner == [uid, "700"], owner
    # Somebody signs in, and a picture is looked at, so that the networks run in there too.
    s.ok("sh", "-c", "echo 'correct horse battery' | runuser -u mien -- mien user add --role administrator --password olga")
    login = s.ask("/v1/login", "http://127.0.0.1:8080", "-c", "/tmp/cookies", "-H", "Content-Type: application/json", "-d",
                  '{"login": "olga", "password": "correct horse battery"}')
    found = s.ask("/v1/detect", "http://127.0.0.1:8080", "-b", "/tmp/cookies", "-H", "Content-Type: image/jpeg", "-H",
                  f"X-CSRF-Token: {json.loads(login)['csrf']}", "--data-binary", f"@/{PICTURE}")
    assert json.loads(found)["images"][0]["faces"], found


def check_life(s):
    first = s.show("MainPID")
    s.ok("systemctl", "reload", "mien")
    assert (s.show("ActiveState"), s.show("MainPID")) == ("active", first)
    s.ok("kill", "-9", first)
    s.wait(lambda: s.show("NRestarts") == "1" and s.show("ActiveState") == "active", "a new start")
    assert s.show("MainPID") != first
    assert json.loads(s.ask("/readyz"))["ready"] is True
    s.ok("systemctl", "stop", "mien")
    assert (s.show("ActiveState"), s.show("Result")) == ("inactive", "success")


def check_credentials(s, conf):
    """The master key, and a certificate with its key, as files that only root can read."""
    store = s.root / "etc/credstore"
    store.mkdir(mode=0o700, exist_ok=True)
    shutil.move(s.root / "var/lib/mien/master.key", store / "mien-master-key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=mien.test", "-addext", "subjectAltName=DNS:mien.test", "-keyout", store / "mien-tls-key",
                    "-out", store / "mien-tls-cert"], check=True, capture_output=True)
    shutil.copy(store / "mien-tls-cert", s.root / "srv/ca.pem")  # for who asks
    for name in ("mien-master-key", "mien-tls-key", "mien-tls-cert"):
        os.chown(store / name, 0, 0)
        (store / name).chmod(0o600)
    before = conf.read_text(encoding="utf-8")
    given = "/run/credentials/mien.service"
    conf.write_text(f"{before}key.source = credential\nserver.listen =\nserver.listen_tls = 127.0.0.1:8443\n"
                    f"server.cert = {given}/mien-tls-cert\nserver.key = {given}/mien-tls-key\n", encoding="utf-8")
    s.ok("systemctl", "start", "mien")
    at = ("https://mien.test:8443", "--resolve", "mien.test:8443:127.0.0.1")
    assert json.loads(s.ask("/readyz", *at, "--cacert", "/srv/ca.pem"))["ready"] is True
    assert s.run("curl", "-sS", *at[1:], at[0]).returncode == 60, "a certificate that nobody vouches for was accepted"
    assert s.run("runuser", "-u", "mien", "--", "cat", "/etc/credstore/mien-tls-key").returncode != 0
    s.ok("systemctl", "stop", "mien")
    conf.write_text(before + "key.source = credential\n", encoding="utf-8")


def check_socket(s, conf):
    """The first connection starts the service."""
    conf.write_text(conf.read_text(encoding="utf-8") + "server.listen = systemd\nserver.trusted_proxies = unix\n", encoding="utf-8")
    s.ok("systemctl", "start", "mien.socket")
    assert s.show("ActiveState") == "inactive"
    at = ("http://mien", "--unix-socket", "/run/mien.sock")
    assert json.loads(s.ask("/healthz", *at))["alive"] is True  # waited in the socket, and may be answered before all is ready
    s.wait(lambda: json.loads(s.ask("/readyz", *at))["ready"] and s.show("ActiveState") == "active", "readiness")
    assert s.ok("stat", "-c", "%U %G %a", "/run/mien.sock").strip() == "root www-data 660"
    s.ok("systemctl", "stop", "mien.socket", "mien")


def inside(root, picture):
    """With the package installed there. Raises where something is not as it should be."""
    shutil.copy(picture, root / PICTURE)
    system = System(root)
    conf = root / "etc/mien.conf"
    try:
        check_service(system)
        check_sandbox(system)
        check_life(system)
        check_credentials(system, conf)
        check_socket(system, conf)
    finally:
        system.stop()
