"""The real programs that these tests talk to: `mien serve`, and PostgreSQL under it where that is asked for."""
import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(os.environ.get("MIEN_TEST_ROOT", pathlib.Path(__file__).resolve().parents[3]))
MIEN = os.environ.get("MIEN", str(ROOT / "build/mien"))
SANITIZED = b"__asan_init" in pathlib.Path(MIEN).read_bytes()
# Longest wait for what comes before long where all is well: it tells a fault from a slow machine, and nothing is measured with it.
PATIENCE_S = 1200 if SANITIZED else 300
BIN = pathlib.Path("/usr/lib/postgresql/15/bin")

# What makes a test quick and changes nothing of what it is about.
QUICK = {"server.listen": "127.0.0.1:0", "login.memory_kib": 8192, "login.passes": 1, "model.pack": "offline",
         "infer.workers": 2, "log.level": "warn", "server.stop_ms": 5000}
# Nobody is too slow but where a test is about that: on a machine with other work everything may take long.
PATIENT = {"server.head_ms": 60000, "server.body_ms": 60000, "server.send_ms": 600000, "server.idle_ms": 200000, "server.deadline_ms": 3600000,
           "store.timeout_ms": 600000, "image.max_ms": 600000}


class Server:
    """One `mien serve` with a data directory of its own. start() may be called again after stop() or kill()."""

    def __init__(self, folder, settings=None, store=None):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.settings = QUICK | PATIENT | (settings or {})
        if store:
            self.settings["store.url"] = store
        self.process, self.port, self.once = None, None, None
        self._said, self._reader = [], None

    def arguments(self, *command):
        """The command line, with the data directory and the settings."""
        pairs = [word for name, value in self.settings.items() for word in ("--set", f"{name}={value}")]
        return [MIEN, *command, "--data", str(self.data), *pairs]

    def _read(self, stream):
        with stream, open(self.log, "a", encoding="utf-8", errors="replace") as log:
            for line in stream:
                log.write(line)
                log.flush()
                self._said.append(line)

    def said(self):
        """All that it wrote since the last start."""
        return "".join(self._said)

    def start(self):
        """Waits until it listens."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._said = []
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            self.arguments("serve"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, errors="replace", env={**os.environ, "HOME": str(self.folder)})
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        until = time.monotonic() + PATIENCE_S
        while not (found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", self.said())):
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise AssertionError(f"mien serve does not start:\n{self.said()}")
            time.sleep(0.01)
        self.port = int(found[1])
        once = re.search(r"shown this once:\n\n +(\S+)\n", self.said())
        self.once = once[1] if once else self.once
        return self

    def _wait(self):
        try:
            status = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "still running, and killed"
        self._reader.join()
        return status

    def stop(self):
        """Stops it as an operator would, and fails where it did not end well."""
        if not self.process:
            return
        self.process.send_signal(signal.SIGTERM)
        status, self.process = self._wait(), None
        said = self.said()
        if status != 0 or "runtime error:" in said or "Sanitizer" in said:
            raise AssertionError(f"mien serve ended with {status}:\n{said[-8000:]}")

    def kill(self):
        """kill -9."""
        if self.process:
            self.process.kill()
            self._wait()
            self.process = None

    def check(self):
        """Fails where it is gone."""
        if self.process and self.process.poll() is not None:
            raise AssertionError(f"mien serve is gone ({self.process.returncode}):\n{self.said()[-8000:]}")

    def command(self, *words, **more):
        """A command of the command line on the same data."""
        return subprocess.run(self.arguments(*words), capture_output=True, text=True, check=False, timeout=PATIENCE_S, **more)


class Postgres:
    """A PostgreSQL 15 of our own on a Unix socket; a schema for every server."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mien-pg-"))
        self.process, self.count = None, 0

    def _user(self):
        """Who runs it: root may not."""
        if os.geteuid() != 0:
            return {}
        user = pwd.getpwnam("postgres")
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def start(self):
        """Makes the data and waits until it answers. Names sort in another way than by bytes, unless the tables say otherwise."""
        who, data, log = self._user(), self.folder / "data", subprocess.DEVNULL
        subprocess.run([BIN / "initdb", "-D", data, "-U", "mien", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                        "--locale-provider=icu", "--icu-locale=en", "--no-sync", "--no-instructions"],
                       check=True, stdout=log, cwd="/", **who)
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [BIN / "postgres", "-D", data, "-k", self.folder, "-c", "listen_addresses=", "-c", "shared_buffers=16MB",
             "-c", "max_connections=100"], stdout=log, stderr=log, cwd="/", **who)
        until = time.monotonic() + PATIENCE_S
        while self.process.poll() is None and time.monotonic() < until:
            if subprocess.run([BIN / "pg_isready", "-q", "-h", self.folder], check=False).returncode == 0:
                return self
            time.sleep(0.02)
        raise AssertionError("PostgreSQL does not start")

    def _everybody(self, number):
        """A signal to the server and all its processes."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for pid in [self.process.pid, *map(int, children.read_text(encoding="ascii").split())]:
            os.kill(pid, number)

    def fall_silent(self):
        """Connections stay, and nothing is answered."""
        self._everybody(signal.SIGSTOP)

    def speak_again(self):
        """What was asked meanwhile is answered."""
        self._everybody(signal.SIGCONT)

    def url(self):
        """Of a new schema."""
        self.count += 1
        name = f"s{os.getpid()}_{self.count}"
        base = f"postgresql://mien@/postgres?host={self.folder}"
        subprocess.run([BIN / "psql", "-q", base, "-c", f"CREATE SCHEMA {name}"], check=True)
        return f"{base}&options=-csearch_path%3D{name}"

    def stop(self):
        """At once: nobody needs the data."""
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def store(kind):
    """Gives what makes the address of a new store in PostgreSQL, which ends with it; None: each server has an SQLite of its own."""
    if kind == "sqlite":
        yield None
        return
    if not (BIN / "postgres").exists():
        print("SKIPPED: not there: PostgreSQL 15 (apt-get install postgresql-15, or tools/setup)")
        sys.exit(1 if os.environ.get("MIEN_TEST_ALL") == "1" else 77)
    postgres = Postgres()
    try:
        yield postgres.start().url
    finally:
        postgres.stop()
