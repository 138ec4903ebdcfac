#!/usr/bin/env python3
"""`mien serve` as its operators know it: start, ready, signals, reload, TLS, the service manager, what it refuses.

Needs: MIEN, the program. What else is missing (models, ONNX Runtime, openssl) skips a test and says so; with
MIEN_TEST_ALL=1 it fails it. Loopback only. Ends with a line of counts.
"""
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(os.environ.get("MIEN_TEST_ROOT", Path(__file__).resolve().parents[2]))
MIEN = os.environ.get("MIEN", str(ROOT / "build/mien"))
MODELS = Path(os.environ.get("MIEN_MODEL_DIR", ROOT / "build/models"))
LIBRARY = Path(os.environ.get("MIEN_INFER_LIBRARY", "/nonexistent"))
PACKAGING = ROOT / "packaging"
SANITIZED = b"__asan_init" in Path(MIEN).read_bytes() or b"__tsan_init" in Path(MIEN).read_bytes()
PATIENCE_S = 300 if SANITIZED else 60
PASSWORD = "a long enough password"

scratch = None


def setUpModule():
    global scratch
    scratch = Path(tempfile.mkdtemp(prefix="mien-serve-"))


def tearDownModule():
    shutil.rmtree(scratch)


def need(there, what):
    if there:
        return
    if os.environ.get("MIEN_TEST_ALL") == "1":
        raise AssertionError(f"needed and not there: {what}")
    print(f"SKIPPED: not there: {what}", file=sys.stderr)
    raise unittest.SkipTest(what)


def need_engine():
    need(LIBRARY.exists(), "ONNX Runtime")
    need((MODELS / "offline").is_dir(), "the offline model pack")


class Server:
    """A `mien serve` with a folder of its own, whose settings are in a file that a test may change."""

    def __init__(self, name, **settings):
        self.folder = scratch / name
        self.folder.mkdir(exist_ok=True)
        self.settings = {"data.dir": self.folder / "data", "server.listen": "127.0.0.1:0", "model.pack": "offline",
                         "login.memory_kib": 8192, "login.passes": 1}
        self.change(**settings)
        self.process = self.port = None
        self.said, self.reader, self.news = "", None, threading.Condition()

    @property
    def file(self):
        return self.folder / "mien.conf"

    def change(self, **settings):
        """Names with __ for the dot. None: back to the default."""
        for name, value in settings.items():
            name = name.replace("__", ".")
            if value is None:
                self.settings.pop(name, None)
            else:
                self.settings[name] = value
        self.file.write_text("".join(f"{n} = {v}\n" for n, v in self.settings.items()), encoding="utf-8")

    def command(self, *words, **more):
        return subprocess.run([MIEN, *words, "--config", str(self.file)], capture_output=True, text=True, check=False,
                              timeout=PATIENCE_S, **more)

    def _read(self, stream):
        with stream:
            for line in stream:
                with self.news:
                    self.said += line
                    self.news.notify_all()

    def wait_for(self, pattern, after=0):
        """The match, when it has said so; of several the one after so many."""
        until = time.monotonic() + PATIENCE_S
        with self.news:
            while len(found := list(re.finditer(pattern, self.said))) <= after:
                if time.monotonic() > until or not self.reader.is_alive():
                    raise AssertionError(f"it does not say {pattern!r}:\n{self.said}")
                self.news.wait(1)
        return found[after]

    def start(self, env=None, before=(), **more):
        self.said = ""
        self.process = subprocess.Popen([*before, MIEN, "serve", "--config", str(self.file)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, "HOME": str(self.folder), **(env or {})}, **more)
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        self.ports = [int(p) for p in re.findall(r"://[^,\s]*:(\d+)", self.wait_for(r"listening on (.*)\n")[1])]
        self.port = self.ports[0] if self.ports else None
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def send(self, number):
        self.process.send_signal(number)

    def stop(self):
        """The exit status; what the sanitizers said is a failure."""
        self.send(signal.SIGTERM)
        status = self.process.wait(PATIENCE_S)
        self.reader.join()
        if "Sanitizer" in self.said or "runtime error:" in self.said:
            raise AssertionError(self.said)
        return status

    def ask(self, method, path, body=None, headers=None, port=None):
        """(status, headers, body)"""
        c = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE_S)
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return r.status, r.headers, r.read()
        finally:
            c.close()

    def log_in(self):
        """Headers of an administrator's session; the first time with the password that was said."""
        once = re.search(r"shown this once:\n\n +(\S+)\n", self.said)

        def login(password):
            status, headers, body = self.ask("POST", "/v1/login", json.dumps({"login": "admin", "password": password}),
                                             {"Content-Type": "application/json"})
            if status != 200:
                raise AssertionError(body)
            return {"Cookie": headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": json.loads(body)["csrf"]}

        if once:
            status, _, body = self.ask("POST", "/v1/me/password", json.dumps({"old": once[1], "new": PASSWORD}),
                                       {"Content-Type": "application/json", **login(once[1])})
            if status != 204:
                raise AssertionError(body)
        return login(PASSWORD)


class Manager:
    """What a service manager hears."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(PATIENCE_S)

    def next(self):
        return self.socket.recv(4096).decode().split("\n")

    def close(self):
        self.socket.close()


def make_certificate(folder, name):
    need(shutil.which("openssl"), "openssl")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / f"{name}.key",
                    "-out", folder / f"{name}.pem"], check=True, capture_output=True)
    return folder / f"{name}.pem", folder / f"{name}.key"


class Start(unittest.TestCase):
    def setUp(self):
        need_engine()

    def test_ready(self):
        s = Server("ready")
        with s:
            self.assertEqual(len(re.findall("shown this once", s.said)), 1)
            self.assertRegex(s.said, r"listening on http://127\.0\.0\.1:\d+\n")
            self.assertEqual(s.ask("GET", "/healthz")[0], 200)
            status, _, body = s.ask("GET", "/readyz")
            self.assertEqual((status, json.loads(body)["ready"]), (200, True))
            self.assertEqual(s.stop(), 0)
        with s:
            self.assertNotIn("shown this once", s.said)

    def test_all_addresses_in_one_line(self):
        s = Server("addresses", server__listen=f"127.0.0.1:0, 127.0.0.1:0, unix:{scratch}/s")
        with s:
            self.assertRegex(s.said, rf"listening on http://127\.0\.0\.1:\d+, http://127\.0\.0\.1:\d+, unix:{scratch}/s\n")
            for port in s.ports:
                self.assertEqual(s.ask("GET", "/healthz", port=port)[0], 200)
            c = socket.socket(socket.AF_UNIX)
            c.connect(f"{scratch}/s")
            c.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertTrue(c.recv(100).startswith(b"HTTP/1.1 200"))
            c.close()
        self.assertFalse(Path(f"{scratch}/s").exists())

    def test_json_log(self):
        s = Server("json", log__format="json", log__level="info")
        with s:
            line = next(l for l in s.said.splitlines() if "listening" in l)
            self.assertEqual(json.loads(line)["module"], "serve")

    def test_second_instance(self):
        with Server("first") as first:
            second = Server("second", server__listen=f"127.0.0.1:{first.port}")
            r = second.command("serve")
            self.assertEqual(r.returncode, 3)
            self.assertIn(f"127.0.0.1:{first.port}: cannot listen: another program does", r.stderr)
            self.assertEqual(first.ask("GET", "/healthz")[0], 200)

    def test_an_address_of_another_host(self):
        r = Server("elsewhere", server__listen="192.0.2.1:0", server__allow_plain="true").command("serve")
        self.assertEqual(r.returncode, 3)
        self.assertIn("192.0.2.1:0: cannot listen: this host does not have that address", r.stderr)

    def test_no_plain_http_to_the_network(self):
        for listen in ("0.0.0.0:0", "127.0.0.1:0, [::]:0", "*:0"):
            s = Server("plain", server__listen=listen)
            for words in (("serve",), ("serve", "--check")):
                r = s.command(*words)
                self.assertNotEqual(r.returncode, 0, listen)
                self.assertIn("plain HTTP on", r.stderr + r.stdout)
                self.assertIn("server.allow_plain=true", r.stderr + r.stdout)
        s.change(server__listen="127.0.0.2:0")  # all of 127/8 is this host
        with s:
            pass

    def test_open_files_are_raised(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        need(hard == resource.RLIM_INFINITY or hard >= 2000, "2000 open files")
        s = Server("files", server__connections_max=1000)
        s.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)))
        try:
            limits = Path(f"/proc/{s.process.pid}/limits").read_text()
            self.assertRegex(limits, r"Max open files +1512 ")
        finally:
            self.assertEqual(s.stop(), 0)

    def test_sockets_of_the_service_manager(self):
        listening = socket.create_server(("127.0.0.1", 0))
        s = Server("activated", server__listen="systemd:http")
        fd = listening.fileno()
        s.start(before=["sh", "-c", f'exec 3<&{fd}; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http exec "$@"', "sh"],
                pass_fds=[fd])
        try:
            self.assertEqual(s.port, listening.getsockname()[1])
            self.assertEqual(s.ask("GET", "/healthz")[0], 200)
        finally:
            self.assertEqual(s.stop(), 0)
            listening.close()

    def test_preload(self):
        s = Server("preload", server__preload="true")
        with s:
            maps = Path(f"/proc/{s.process.pid}/maps").read_text()
            self.assertIn("libonnxruntime", maps)
            self.assertEqual(s.ask("GET", "/readyz")[0], 200)


class Check(unittest.TestCase):
    def setUp(self):
        need_engine()

    def test_good_and_changes_nothing(self):
        s = Server("check")
        r = s.command("serve", "--check")
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.assertEqual(r.stdout.count(": good"), 4)
        self.assertFalse((s.folder / "data").exists())
        with s:  # and beside a server, at its own address
            s.change(server__listen=f"127.0.0.1:{s.port}")
            r = s.command("serve", "--check", "--json")
            self.assertEqual(r.returncode, 0, r.stdout)
            self.assertTrue(json.loads(r.stdout)["ok"])

    def test_faults(self):
        cert, key = make_certificate(scratch, "check-a")
        _, other = make_certificate(scratch, "check-b")
        tls = {"server__listen_tls": "127.0.0.1:0", "server__cert": cert}
        cases = [({**tls, "server__key": other}, "is not the key of"), ({**tls, "server__key": "/nonexistent"}, "/nonexistent"),
                 ({"server__listen": "here"}, "is no address to listen on"), ({"model__dir": "/nonexistent"}, "models: "),
                 ({"data__dir": cert}, "is no folder"), ({"server__listen": ""}, "no address to listen on")]
        for settings, says in cases:
            r = Server("faults", **settings).command("serve", "--check", env={**os.environ, "MIEN_MODEL_DIR": ""})
            self.assertEqual(r.returncode, 1, settings)
            self.assertIn(says, r.stdout)
        r = Server("faults", face__max="lots").command("serve", "--check")
        self.assertEqual(r.returncode, 3)
        self.assertIn("mien.conf:6: face.max", r.stderr)
        self.assertEqual(Server("good", **tls, server__key=key).command("serve", "--check").returncode, 0)

    def test_a_lost_key(self):
        s = Server("lost")
        with s:
            pass
        (s.folder / "data/master.key").unlink()
        r = s.command("serve", "--check")
        self.assertEqual(r.returncode, 1)
        self.assertIn("master.key", r.stdout)


class Reload(unittest.TestCase):
    def setUp(self):
        need_engine()

    def test_settings(self):
        with Server("reload", log__level="warn", image__max_bytes=5000) as s:
            who = s.log_in()
            picture = b"\xff\xd8\xff" + bytes(3000)

            def detect():
                status, _, body = s.ask("POST", "/v1/detect", picture, {"Content-Type": "image/jpeg", **who})
                return status, json.loads(body)["code"]

            before = detect()
            self.assertNotEqual(before[1], "limit")
            self.assertNotIn("access:", s.said)
            s.change(log__level="info", image__max_bytes=1024, server__gzip=1)
            s.send(signal.SIGHUP)
            s.wait_for("reloaded: certificates and settings")
            s.wait_for("server.gzip was changed, which takes effect at the next start")
            self.assertEqual(detect()[0], 413)
            s.wait_for("access: POST /v1/detect 413")
            s.change(image__max_bytes=1)
            s.send(signal.SIGHUP)
            s.wait_for("reload failed, everything stays as it was: .*image.max_bytes")
            self.assertEqual(detect()[0], 413)
            s.change(image__max_bytes=5000)
            s.send(signal.SIGHUP)
            s.wait_for("reloaded: ", 1)
            self.assertEqual(detect(), before)

    def test_many_reloads_under_load(self):
        with Server("reloads", log__level="info") as s:
            stop, wrong = threading.Event(), []

            def ask():
                while not stop.is_set():
                    if s.ask("GET", "/readyz")[0] != 200:
                        wrong.append("not ready")

            threads = [threading.Thread(target=ask) for _ in range(3)]
            for t in threads:
                t.start()
            for i in range(20):
                s.change(face__max=10 + i)
                said = s.said.count("reloaded: ")
                s.send(signal.SIGHUP)
                s.wait_for("reloaded: ", said)
            stop.set()
            for t in threads:
                t.join()
            self.assertEqual(wrong, [])
            self.assertEqual(s.stop(), 0)


class Tls(unittest.TestCase):
    def setUp(self):
        need_engine()

    def certificate(self, port):
        """What is shown to a client that trusts nobody."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as c, context.wrap_socket(c) as t:
            t.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertTrue(t.recv(100).startswith(b"HTTP/1.1 200"))
            return ssl.DER_cert_to_PEM_cert(t.getpeercert(True))

    def test_certificates(self):
        a, b = make_certificate(scratch, "tls-a"), make_certificate(scratch, "tls-b")
        cert, key = scratch / "live.pem", scratch / "live.key"

        def put(pair):
            shutil.copy(pair[0], cert)
            shutil.copy(pair[1], key)

        def same(port, pair):
            self.assertEqual(self.certificate(port).split(), pair[0].read_text().split())

        put(a)
        with Server("tls", server__listen="", server__listen_tls="127.0.0.1:0", server__cert=cert, server__key=key,
                    log__level="info") as s:
            self.assertRegex(s.said, r"listening on https://127\.0\.0\.1:\d+\n")
            same(s.port, a)
            put(b)
            same(s.port, a)
            s.send(signal.SIGHUP)
            s.wait_for("reloaded")
            same(s.port, b)
            key.write_text("no key")
            s.send(signal.SIGHUP)
            s.wait_for("reload failed, everything stays as it was: TLS: .*live.key")
            same(s.port, b)
            context = ssl.create_default_context(cafile=b[0])
            with socket.create_connection(("127.0.0.1", s.port), PATIENCE_S) as c:
                with context.wrap_socket(c, server_hostname="127.0.0.1") as t:
                    self.assertIn(t.version(), ("TLSv1.2", "TLSv1.3"))
            self.assertEqual(s.stop(), 0)


class ServiceManager(unittest.TestCase):
    def setUp(self):
        need_engine()

    def test_what_it_is_told(self):
        m = Manager(scratch / "notify.socket")
        s = Server("notify", log__level="info").start(env={"NOTIFY_SOCKET": m.path})
        try:
            self.assertEqual(m.next(), ["READY=1", f"STATUS=Listening on http://127.0.0.1:{s.port}"])
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            s.send(signal.SIGHUP)
            said = m.next()
            self.assertEqual(said[0], "RELOADING=1")
            when = int(said[1].removeprefix("MONOTONIC_USEC="))
            self.assertTrue(before <= when <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)
            self.assertEqual(m.next(), ["READY=1"])
        finally:
            self.assertEqual(s.stop(), 0)
        self.assertEqual(m.next(), ["STOPPING=1"])
        m.close()

    def test_watchdog(self):
        m = Manager("\0mien-test-" + str(os.getpid()))
        m.path = "@" + m.path[1:]
        s = Server("watchdog").start(env={"NOTIFY_SOCKET": m.path, "WATCHDOG_USEC": "100000"})
        try:
            self.assertEqual(m.next()[0], "READY=1")
            self.assertEqual([m.next() for _ in range(3)], [["WATCHDOG=1"]] * 3)
        finally:
            self.assertEqual(s.stop(), 0)
        m.close()

    def test_a_watchdog_of_somebody_else(self):
        m = Manager(scratch / "other.socket")
        s = Server("other").start(env={"NOTIFY_SOCKET": m.path, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"})
        self.assertEqual(m.next()[0], "READY=1")
        self.assertEqual(s.stop(), 0)
        self.assertEqual(m.next(), ["STOPPING=1"])
        m.close()


class Stop(unittest.TestCase):
    def setUp(self):
        need_engine()

    def open(self, port):
        c = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.addCleanup(c.close)
        return c

    def test_requests_that_run_are_answered(self):
        """Bodies that are still on their way when the signal comes: all are read, worked on and answered."""
        with Server("stop") as s:
            body = json.dumps({"login": "nobody", "password": "not this one"}).encode()
            head = (f"POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n").encode()
            idle = self.open(s.port)
            clients = [self.open(s.port) for _ in range(8)]
            for c in clients:
                c.sendall(head + body[:10])
            who = s.log_in()
            until = time.monotonic() + PATIENCE_S
            while True:  # all heads are in: they count as in flight, besides this request
                text = s.ask("GET", "/metrics", headers=who)[2].decode()
                if re.search(r"(?m)^mien_requests_in_flight 9$", text):
                    break
                self.assertLess(time.monotonic(), until, text)
            s.send(signal.SIGTERM)
            self.assertEqual(idle.recv(1), b"")  # idle connections are closed: it is stopping
            for c in clients:
                c.sendall(body[10:])
            for c in clients:
                r = http.client.HTTPResponse(c)
                r.begin()
                self.assertIn(r.status, (401, 429))
                json.loads(r.read())
            self.assertEqual(s.process.wait(PATIENCE_S), 0)

    def test_interrupt(self):
        with Server("interrupt") as s:
            s.send(signal.SIGINT)
            self.assertEqual(s.process.wait(PATIENCE_S), 0)


class Numbers(unittest.TestCase):
    """The dashboard and the alert rules name what /metrics has."""

    def setUp(self):
        need_engine()

    def test_dashboard_and_alerts(self):
        dashboard = json.loads((PACKAGING / "monitoring/grafana-dashboard.json").read_text())
        expressions = [t["expr"] for p in dashboard["panels"] for t in p.get("targets", [])]
        named = set(re.findall(r"\bmien_[a-z0-9_]+", " ".join(expressions)))
        named |= {n for v in dashboard["templating"]["list"] for n in re.findall(r"\bmien_[a-z0-9_]+", str(v["query"]))}
        rules = (PACKAGING / "monitoring/prometheus-alerts.yml").read_text()
        named |= set(re.findall(r"\bmien_[a-z0-9_]+", rules))
        self.assertGreater(len(named), 40)
        with Server("numbers") as s:
            who = s.log_in()
            self.assertEqual(s.ask("GET", "/metrics")[0], 401)
            until = time.monotonic() + PATIENCE_S
            while True:
                status, _, body = s.ask("GET", "/metrics", headers=who)
                self.assertEqual(status, 200)
                text = body.decode()
                if "mien_records{" in text:  # counted in the background
                    break
                self.assertLess(time.monotonic(), until, text)
        types = dict(re.findall(r"(?m)^# TYPE (\S+) (\S+)$", text))
        there = set(types)
        for name, kind in types.items():
            if kind == "histogram":
                there |= {name + part for part in ("_bucket", "_sum", "_count")}
        there.add("mien_snapshot_written_seconds")  # there is no snapshot yet
        self.assertEqual(named - there, set())
        shown = {re.sub(r"_(bucket|sum|count)$", "", n) for n in named}
        missing = {n for n in types if n not in shown} - {"mien_connections_total"}
        self.assertEqual(missing, set(), "no panel and no rule looks at these")
        for kind in ("people", "faces", "descriptors", "lists", "consents"):
            self.assertIn(f'mien_records{{kind="{kind}"}} 0\n', text)
        self.assertIn('mien_queue_wait_seconds_count{queue="records"}', text)
        operations = set(re.findall(r"operationId: (\S+)", (ROOT / "api/openapi.yaml").read_text()))
        for group in re.findall(r'operation=~"([^"]+)"', " ".join(expressions)):
            self.assertEqual(set(group.split("|")) - operations, set())


if __name__ == "__main__":
    unittest.main()
