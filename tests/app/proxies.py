#!/usr/bin/env python3
"""Each reverse proxy of docs/guide/reverse-proxy.md, started with that page's own text in front of a real `mien serve`.

Only addresses, ports and paths of files are exchanged, each of which must stand in the text once. Needs: MIEN, the program;
nginx, haproxy, caddy, openssl. What is missing skips its tests and says so; with MIEN_TEST_ALL=1 it fails them. Loopback
only: clients come from 127.0.0.7, proxies from 127.0.0.1.
"""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
import unittest
from pathlib import Path

import serve
from serve import PATIENCE_S, ROOT, Server, need, need_engine

PAGE = (ROOT / "docs/guide/reverse-proxy.md").read_text(encoding="utf-8")
NAME = "faces.example.org"
CLIENT = "127.0.0.7"
FORGED = "203.0.113.9"
PASSWORD = "correct horse battery"
MB = 1 << 20


def setUpModule():
    serve.setUpModule()


def tearDownModule():
    serve.tearDownModule()


def block(language):
    """The page's text for this program."""
    found = [text for kind, text in re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", PAGE) if kind == language]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} blocks of {language!r}")
    return found[0]


def put(text, changes):
    """The text with each of these exchanged; all must be there, once."""
    for old, new in changes.items():
        if text.count(old) != 1:
            raise AssertionError(f"{old!r} stands {text.count(old)} times in\n{text}")
        text = text.replace(old, str(new))
    return text


RESERVED = []


def free_port():
    """One that nobody else is given until this process ends, for a program that listens there with SO_REUSEADDR."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    RESERVED.append(s)
    return s.getsockname()[1]


def make_certificate(folder):
    need(shutil.which("openssl"), "openssl")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", folder / "faces.key",
                    "-out", folder / "faces.pem"], check=True, capture_output=True)


class Nginx:
    program, socket = "nginx", "unix:/run/mien.sock"

    def __init__(self, folder):
        self.folder, self.ca = folder, folder / "faces.pem"
        make_certificate(folder)

    def command(self, port, changes):
        text = put(block("nginx"), {"listen 443 ssl": f"listen 127.0.0.1:{port} ssl", "/etc/ssl/faces.pem": self.ca,
                                    "/etc/ssl/private/faces.key": self.folder / "faces.key", **changes})
        paths = "".join(f"{p}_temp_path {self.folder}/{p};\n" for p in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;\n" if os.geteuid() == 0 else ""
        (self.folder / "conf").write_text(f"{user}daemon off;\npid {self.folder}/pid;\nevents {{}}\n"
                                          f"http {{\naccess_log off;\n{paths}{text}}}\n", encoding="utf-8")
        return ["nginx", "-e", "stderr", "-p", self.folder, "-c", self.folder / "conf"]


class Haproxy:
    program, socket = "haproxy", "unix@/run/mien.sock"

    def __init__(self, folder):
        self.folder, self.ca = folder, folder / "ca.pem"
        make_certificate(folder)
        shutil.copy(folder / "faces.pem", self.ca)
        (folder / "both.pem").write_bytes(self.ca.read_bytes() + (folder / "faces.key").read_bytes())

    def command(self, port, changes):
        text = put(block("haproxy"), {"bind :443": f"bind 127.0.0.1:{port}", "/etc/haproxy/faces.pem": self.folder / "both.pem",
                                      **changes})
        (self.folder / "conf").write_text(f"global\n    maxconn 100\n\n{text}", encoding="utf-8")
        return ["haproxy", "-db", "-f", self.folder / "conf"]


class Caddy:
    program, socket = "caddy", "unix//run/mien.sock"

    def __init__(self, folder):
        self.folder, self.ca = folder, folder / "pki/authorities/local/root.crt"

    def command(self, port, changes):
        text = put(block("caddy"), changes)
        # Certificates of its own authority, in this folder, as there is no public one to ask here.
        (self.folder / "conf").write_text(
            f"{{\n\tadmin off\n\thttps_port {port}\n\thttp_port {free_port()}\n\tauto_https disable_redirects\n"
            f"\tdefault_bind 127.0.0.1\n\tlocal_certs\n\tskip_install_trust\n\tstorage file_system {self.folder}\n}}\n{text}",
            encoding="utf-8")
        return ["caddy", "run", "--config", self.folder / "conf", "--adapter", "caddyfile"]


class Running:
    """A proxy, until it is stopped."""

    def __init__(self, kind, folder, upstream, **changes):
        need(shutil.which(kind.program) or Path(f"/usr/sbin/{kind.program}").exists(), f"{kind.program} (tools/setup --checks)")
        folder.mkdir()
        self.proxy, self.port = kind(folder), free_port()
        command = self.proxy.command(self.port, {"127.0.0.1:8080": upstream, **changes})
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin", "HOME": str(folder), "XDG_DATA_HOME": str(folder),
                     "XDG_CONFIG_HOME": str(folder)})
        self.wait()

    def wait(self):
        """Until it takes connections, with its certificate."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.connect().close()
                return
            except OSError as fault:
                if self.process.poll() is not None or time.monotonic() > until:
                    self.stop()
                    raise AssertionError(f"{self.proxy.program} does not start ({fault}):\n{self.log.read_text()}") from fault
                time.sleep(0.05)

    def connect(self):
        """A connection of the client's, whose certificate was checked."""
        context = ssl.create_default_context(cafile=self.proxy.ca)
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S, source_address=(CLIENT, 0))
        try:
            return context.wrap_socket(plain, server_hostname=NAME)
        except OSError:
            plain.close()
            raise

    def ask(self, method, path, body=None, headers=None):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection(NAME)
        connection.sock = self.connect()
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_S)


def start_mien(name, **settings):
    """With the settings of the page, on a port that is free."""
    given = dict(line.split(" = ") for line in block("").splitlines() if not line.startswith("#"))
    if given != {"server.listen": "127.0.0.1:8080", "server.trusted_proxies": "127.0.0.1"}:
        raise AssertionError(given)
    server = Server(name, **{"server__listen": "127.0.0.1:0", "server__trusted_proxies": given["server.trusted_proxies"], **settings})
    made = server.command("user", "add", "--role", "administrator", "--password", "olga", input=PASSWORD + "\n")
    if made.returncode != 0:
        raise AssertionError(made.stderr)
    return server.start()


class Behind:
    """What must hold behind each of them."""

    kind = None

    @classmethod
    def setUpClass(cls):
        need_engine()
        cls.mien = cls.proxy = None
        cls.mien = start_mien(cls.kind.program)
        try:
            cls.proxy = Running(cls.kind, serve.scratch / f"{cls.kind.program}-proxy", f"127.0.0.1:{cls.mien.port}")
        except BaseException:
            cls.mien.stop()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.proxy.stop()
        if cls.mien.stop() != 0:
            raise AssertionError(cls.mien.said)

    def log_in(self, proxy=None, headers=None):
        """The cookie, and the headers that say who asks."""
        status, answer, body = (proxy or self.proxy).ask(
            "POST", "/v1/login", json.dumps({"login": "olga", "password": PASSWORD}),
            {"Content-Type": "application/json", **(headers or {})})
        self.assertEqual(status, 200, body)
        cookie = answer["Set-Cookie"]
        return cookie, {"Cookie": cookie.split(";")[0], "X-CSRF-Token": json.loads(body)["csrf"]}

    def last_login_from(self, who, proxy=None):
        status, _, body = (proxy or self.proxy).ask("GET", "/v1/audit?action=session.login&limit=1", headers=who)
        self.assertEqual(status, 200, body)
        detail = json.loads(body)["records"][0]["detail"]
        return (json.loads(detail) if isinstance(detail, str) else detail)["address"]

    def test_who_asks_and_how(self):
        cookie, who = self.log_in()
        self.assertTrue(cookie.startswith("__Host-mien_session="), cookie)
        self.assertIn("; Secure", cookie)
        self.assertEqual(self.last_login_from(who), CLIENT)

    def test_nobody_forges_an_address(self):
        for forged in ({"X-Forwarded-For": FORGED}, {"X-Forwarded-For": f"{FORGED}, 127.0.0.1"}, {"Forwarded": f"for={FORGED}"},
                       {"X-Real-IP": FORGED}, {"X-Forwarded-For": FORGED, "X-Forwarded-Proto": "http"}):
            cookie, who = self.log_in(headers=forged)
            self.assertEqual(self.last_login_from(who), CLIENT, forged)
            self.assertIn("; Secure", cookie, forged)

    def test_tls(self):
        with self.proxy.connect() as connection:
            self.assertIn(connection.version(), ("TLSv1.2", "TLSv1.3"))

    def test_a_large_picture(self):
        _, who = self.log_in()
        picture = b"P6\n4470 4470\n255\n" + b"\x80" * (4470 * 4470 * 3)
        self.assertGreater(len(picture), 57 * MB)
        status, _, body = self.proxy.ask("POST", "/v1/detect", picture, {"Content-Type": "image/x-portable-pixmap", **who})
        self.assertEqual((status, json.loads(body)["images"][0]["faces"]), (200, []))

    def begin(self, size, headers=None):
        """The status that comes before the end of a body, of which a little goes every now and then."""
        lines = [f"POST /v1/detect HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: image/jpeg\r\nContent-Length: {size}\r\n"]
        lines += [f"{n}: {v}\r\n" for n, v in (headers or {}).items()]
        said, sent, until = b"", 0, time.monotonic() + PATIENCE_S
        with self.proxy.connect() as connection:
            connection.sendall("".join(lines).encode() + b"\r\n")
            connection.settimeout(0.2)
            while b"\r\n" not in said:
                self.assertLess(time.monotonic(), until, "no answer")
                try:
                    part = connection.recv(65536)
                    self.assertTrue(part, "hung up")
                    said += part
                except TimeoutError:
                    try:
                        connection.sendall(b"\xff" * 16384)
                    except OSError:
                        pass  # who has answered takes no more: the answer is there to be read
                    sent += 16384
        self.assertLess(sent, size)
        return int(said.split()[1])

    def test_too_large(self):
        _, who = self.log_in()
        self.assertEqual(self.begin(65 * MB, who), 413)

    def test_bodies_are_passed_on_as_they_come(self):
        """mien says no before the body's end, which only one that saw its beginning can."""
        self.assertEqual(self.begin(60 * MB), 401)

    def test_a_long_answer(self):
        _, who = self.log_in()
        status, _, body = self.proxy.ask("POST", "/v1/people", json.dumps({"name": "Anna", "consents": [
            {"purpose": "identification", "method": "signed form"}]}), {"Content-Type": "application/json", **who})
        self.assertEqual(status, 201, body)
        person = json.loads(body)
        path = f"/v1/people/{person['person']}/consents/{person['consents'][0]['consent']}/evidence"
        proof = b"%PDF-1.7\n" + os.urandom(15 * MB)
        self.assertEqual(self.proxy.ask("PUT", path, proof, {"Content-Type": "application/pdf", **who})[0], 204)
        status, headers, body = self.proxy.ask("GET", path, headers=who)
        self.assertEqual((status, headers["Content-Type"], body == proof), (200, "application/pdf", True))
        status, _, body = self.proxy.ask("GET", "/v1/audit/export", headers=who)  # in chunks, of a length that nobody knew
        self.assertEqual((status, json.loads(body.splitlines()[-1])["action"]), (200, "audit.export"))

    def test_one_connection(self):
        connection = http.client.HTTPConnection(NAME)
        connection.sock = kept = self.proxy.connect()
        for _ in range(3):
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            answer.read()
            self.assertEqual((answer.status, connection.sock), (200, kept))
        connection.close()

    def test_metrics_stay_inside(self):
        self.assertEqual(self.proxy.ask("GET", "/metrics")[0], 404)
        self.assertEqual(self.mien.ask("GET", "/metrics")[0], 401)

    def test_a_little_longer_than_mien(self):
        """With 2 s in the place of the page's time, which is too long for a test."""
        seconds, = {int(s) for s in re.findall(r"\b40(?=s\b)", block(self.kind.program))}
        settings = json.loads(self.mien.command("settings", "--json").stdout)["settings"]
        deadline = int(next(s["value"] for s in settings if s["name"] == "server.deadline_ms")) / 1000
        self.assertTrue(deadline < seconds <= 2 * deadline)
        proxy = Running(self.kind, serve.scratch / f"{self.kind.program}-timeouts", f"127.0.0.1:{self.mien.port}", **{"40s": "2s"})
        try:
            self.mien.process.send_signal(signal.SIGSTOP)
            before = time.monotonic()
            status = proxy.ask("GET", "/healthz")[0]
            took = time.monotonic() - before
            self.mien.process.send_signal(signal.SIGCONT)
            self.assertEqual(status, 504)
            self.assertGreater(took, 1.5)
            until = time.monotonic() + PATIENCE_S  # on a busy machine 2 s may be too short again
            while (status := proxy.ask("GET", "/healthz")[0]) != 200:
                self.assertLess(time.monotonic(), until, status)
        finally:
            self.mien.process.send_signal(signal.SIGCONT)
            proxy.stop()

    def test_without_a_port(self):
        self.assertIn(f"`{self.kind.socket}`", PAGE)
        path = serve.scratch / f"{self.kind.program}.sock"
        mien = start_mien(f"{self.kind.program}-unix", server__listen=f"unix:{path}", server__trusted_proxies="unix")
        proxy = None
        try:
            proxy = Running(self.kind, serve.scratch / f"{self.kind.program}-socket",
                            self.kind.socket.replace("/run/mien.sock", str(path)))
            cookie, who = self.log_in(proxy)
            self.assertIn("; Secure", cookie)
            self.assertEqual(self.last_login_from(who, proxy), CLIENT)
            self.assertEqual(mien.stop(), 0)
            self.assertIn(proxy.ask("GET", "/healthz")[0], (502, 503))  # and says so when nobody is there
        finally:
            if proxy:
                proxy.stop()
            if mien.process.poll() is None:
                mien.stop()


class BehindNginx(Behind, unittest.TestCase):
    kind = Nginx


class BehindHaproxy(Behind, unittest.TestCase):
    kind = Haproxy


class BehindCaddy(Behind, unittest.TestCase):
    kind = Caddy


if __name__ == "__main__":
    unittest.main()
