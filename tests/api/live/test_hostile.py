"""What no honest client sends: requests that are none, forms that are none, pictures that are none, addresses that are not for us.

Never a failure of the server (a 5xx but 503), never an end of it, and never anything from where the caller could not look.
"""
import base64
import http.server
import re
import socket
import threading

import hostile
from hostile import DATA
from running import PATIENCE_S, SANITIZED
from world import Api, need_pictures, picture, png, tearDownModule, world  # pylint: disable=unused-import

ACTIONS = ("detect", "extract", "quality", "liveness", "identify")


class Lure(http.server.BaseHTTPRequestHandler):
    """A web server that the setting fetch.allow lets in, and that wants to lead somewhere else."""
    protocol_version = "HTTP/1.1"
    asked, body = [], b""

    def do_GET(self):  # pylint: disable=invalid-name
        """By the path: a redirect, a picture, an endless or slow one."""
        self.asked.append(self.path)
        if re.fullmatch("/to/(?:[\\w-]{4})*(?:[\\w-]{2}==|[\\w-]{3}=)?", self.path):
            self.send_response(302)
            self.send_header("Location", base64.urlsafe_b64decode(self.path[4:]).decode())
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/picture":
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.body)))
            self.end_headers()
            self.wfile.write(self.body)
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(4000):
                    self.wfile.write(b"\xff\xd8" * 50000)
            except OSError:
                pass
            self.close_connection = True
        else:
            self.send_error(404)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        """Says nothing."""


lure = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lure)
secret = http.server.ThreadingHTTPServer(("127.0.0.2", 0), Lure)


def setUpModule():  # pylint: disable=invalid-name
    """One web server may be asked, another not."""
    for server in (lure, secret):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    world.start(fetch__allow="127.0.0.1", image__max_bytes=8 << 20)
    fetch_ms(600000)


def fetch_ms(most):
    """How long an address may take."""
    world.admin.call("settings_change", 200, body={"settings": [{"name": "fetch.max_ms", "value": most}]})


class Raw(Api):
    """Bytes on a socket."""

    @staticmethod
    def send(data, slowly=False, ends=True):
        """All that comes back until the server hangs up or is silent. ends: nothing more will come, and the server is told."""
        with socket.create_connection(("127.0.0.1", world.server.port), timeout=PATIENCE_S) as line:
            try:
                for part in ([data[i:i + 1] for i in range(len(data))] if slowly else [data]):
                    line.sendall(part)
                if ends:
                    line.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            out = b""
            try:
                while part := line.recv(65536):
                    out += part
            except OSError:
                pass
            return out

    @staticmethod
    def statuses(answer):
        """Of all answers that came."""
        return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]

    def fine(self, answer, what, *wanted):
        """No failure; and one of these, where given."""
        for status in self.statuses(answer):
            self.assertTrue(status < 500 or status in (501, 503, 505), f"{what}: {answer[:300]!r}")
            if wanted:
                self.assertIn(status, wanted, f"{what}: {answer[:300]!r}")
        world.server.check()

    def test_requests_that_are_none(self):
        for row in hostile.REQUESTS:
            self.fine(self.send(row), row[:80])
        for row in hostile.REQUESTS[:20]:
            if len(row) < 200:
                self.fine(self.send(row, slowly=True), row[:80])

    def test_paths_that_lead_nowhere_else(self):
        for path in hostile.PATHS:
            answer = self.send(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode("latin-1"))
            self.fine(answer, path, 400, 401, 404)
            self.assertNotIn(b"root:", answer)

    def test_headers_that_would_be_two(self):
        for value in ("a%0d%0aX-Evil: 1", "a\tb", "caf\u00e9", "%s%n", "a" * 64, "a" * 65, "<script>"):
            answer = self.send(f"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Request-Id: {value}\r\nConnection: close\r\n\r\n".encode("latin-1"))
            self.fine(answer, value)
            self.assertNotIn(b"\r\nX-Evil", answer)
            self.assertNotIn(b"<script>", answer)

    def test_many_requests_at_once_on_one_line(self):
        one = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        answer = self.send(one * 50 + b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", ends=False)
        self.assertEqual(self.statuses(answer), [200] * 51)
        mixed = one + b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n" + b"POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" \
            b"Content-Length: 2\r\n\r\n{}" + one + b"GET /v1/me HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        self.assertEqual(self.statuses(self.send(mixed, ends=False)), [200, 404, 400, 200, 401])

    def test_a_body_is_not_the_next_request(self):
        inner = b"GET /docs HTTP/1.1\r\nHost: a\r\n\r\n"
        answer = self.send(b"GET /v1/me HTTP/1.1\r\nHost: a\r\nContent-Length: " + str(len(inner)).encode() + b"\r\n\r\n" + inner +
                           b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", ends=False)
        self.assertEqual(self.statuses(answer), [401, 200])

    def test_who_is_slow_holds_up_nobody(self):
        lines = [socket.create_connection(("127.0.0.1", world.server.port)) for _ in range(100)]
        try:
            for i, line in enumerate(lines):
                line.sendall(b"POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{" if i % 2 else b"GET /hea")
            for _ in range(20):
                self.admin.call("me_get", 200)
        finally:
            for line in lines:
                line.close()


class Forms(Api):
    """multipart/form-data that is none."""

    def test_broken_ones(self):
        for name in ACTIONS + ("verify",):
            for row in hostile.forms():
                answer = self.admin.call(name, (400, 413, 415, 422), body=row, media="multipart/form-data; boundary=x")
                self.assertIsNotNone(answer.code, row[:80])
        good = b'--x\r\nContent-Disposition: form-data; name="picture"\r\n\r\n' + png(64, 64) + b"\r\n--x--\r\n"
        for media in ("multipart/form-data; boundary=", "multipart/form-data; boundary=" + "a" * 300, 'multipart/form-data; boundary="x', "multipart/form-data; x=y",
                      'multipart/form-data; boundary="\u00e9"', "multipart/form-data; boundary=x; boundary=y"):
            answer = self.admin.call("detect", (400, 413, 415, 422), body=good, headers={"Content-Type": media.encode("latin-1")})
            self.assertIsNotNone(answer.code, media)


class Pictures(Api):
    """Pictures that are none."""

    def ask(self, name, what, data):
        """Refused, or looked at."""
        answer = self.admin.call(name, (200, 201, 400, 413, 415, 422), body=data, media="application/octet-stream")
        self.assertTrue(answer.status < 300 or answer.code, what)
        return answer

    def test_hostile_ones(self):
        need_pictures()
        for what, data in hostile.pictures():
            for name in ("detect",) if SANITIZED else ACTIONS:
                self.assertGreaterEqual(self.ask(name, what, data).status, 400, what)

    def test_every_file_of_the_decoders_tests_whole_and_cut(self):
        need_pictures()
        for path in sorted(DATA.iterdir()):
            data = path.read_bytes()
            if path.name == "make":
                continue
            self.ask("detect", path.name, data)
            for part in (1, 3, 7):
                self.ask("detect", f"{path.name} cut", data[:len(data) * part // 8])
            spoiled = bytearray(data)
            for i in range(7, len(spoiled), max(1, len(spoiled) // 40)):
                spoiled[i] ^= 0x55
            self.ask("detect", f"{path.name} spoiled", bytes(spoiled))

    def test_a_whole_picture_with_something_behind_it(self):
        need_pictures()
        data = picture("Anna")
        for more in (b"\0" * 100000, b"<?php echo 1; ?>", data):
            answer = self.ask("detect", "more behind", data + more)
            self.assertEqual(len(answer.json["images"][0]["faces"]), 1)

    def test_larger_than_allowed(self):
        self.refused(self.admin.call("detect", 413, body=b"\xff\xd8" + b"\0" * (9 << 20), media="image/jpeg"), 413, "limit")

    def test_base64_that_is_none(self):
        for data in ("====", "AAA", "A" * 5, "\u00e9\u00e9\u00e9\u00e9", "AAAA\n", "-_-_", "data:image/png;base64,AAAA"):
            answer = self.admin.call("detect", (400, 415, 422), body={"pictures": [{"type": "base64", "data": data}]})
            self.assertIsNotNone(answer.code)

    def test_many_at_once_with_one_that_is_good(self):
        need_pictures()
        parts = [("picture", data, "x.jpg") for _, data in list(hostile.pictures())[2:12]] + [("picture", picture("Anna"), "anna.jpg")]
        images = self.admin.call("detect", 200, parts=parts).json["images"]
        self.assertEqual([bool(i.get("error")) for i in images], [True] * 10 + [False])


class Addresses(Api):
    """URLs of pictures."""

    def fetched(self, url, name="detect"):
        """The answer for one address."""
        return self.admin.call(name, (200, 400, 403, 404, 413, 415, 422, 503), body={"pictures": [{"type": "url", "url": url}]})

    def test_what_is_allowed_is_fetched(self):
        need_pictures()
        Lure.body = picture("Anna")
        answer = self.fetched(f"http://127.0.0.1:{lure.server_port}/picture")
        self.assertEqual(len(answer.json["images"][0]["faces"]), 1)
        way = base64.urlsafe_b64encode(b"/picture").decode()
        answer = self.fetched(f"http://127.0.0.1:{lure.server_port}/to/{way}")
        self.assertEqual(len(answer.json["images"][0]["faces"]), 1)

    def test_inner_addresses_are_not_asked(self):
        port = secret.server_port
        Lure.asked.clear()
        for host in (f"127.0.0.2:{port}", f"0x7f000002:{port}", f"2130706434:{port}", f"127.2:{port}", f"0177.0.0.2:{port}", f"[::ffff:127.0.0.2]:{port}",
                     f"[::ffff:7f00:2]:{port}", "[::1]", "[::]", "0.0.0.0", "10.0.0.1", "192.168.0.1", "169.254.169.254", "[fe80::1]", "[fd00::1]", "[fec0::1]",
                     "172.16.0.1", "100.64.0.1", "224.0.0.1", "255.255.255.255", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "198.18.0.1", "localhost"):
            answer = self.fetched(f"http://{host}/picture")
            self.assertGreaterEqual(answer.status, 400, host)
            self.assertEqual(Lure.asked, [], host)

    def test_redirects_do_not_lead_inside(self):
        for target in (f"http://127.0.0.2:{secret.server_port}/picture", "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/x", "dict://127.0.0.1:1/",
                       "http://[::1]/", "//127.0.0.2/", "http://169.254.169.254/latest/meta-data/", "\\\\127.0.0.2\\x", "data:image/png;base64,AAAA"):
            Lure.asked.clear()
            way = base64.urlsafe_b64encode(target.encode()).decode()
            answer = self.fetched(f"http://127.0.0.1:{lure.server_port}/to/{way}")
            self.assertGreaterEqual(answer.status, 400, target)
            self.assertNotIn("/picture", Lure.asked, target)
            self.assertNotIn("root:", answer.body.decode())
            self.assertNotIn("127.0.0.2", answer.body.decode())
            self.assertNotIn("169.254.169.254", answer.body.decode())

    def test_endless_things_end(self):
        way = "/to/"
        for _ in range(8):
            way = "/to/" + base64.urlsafe_b64encode(way.encode()).decode()
        began = len(Lure.asked)
        self.assertGreaterEqual(self.fetched(f"http://127.0.0.1:{lure.server_port}{way}").status, 400)
        self.assertLess(len(Lure.asked) - began, 6)
        self.assertGreaterEqual(self.fetched(f"http://127.0.0.1:{lure.server_port}/endless").status, 400)

    def test_nobody_there_and_nobody_who_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            fetch_ms(1000)
            self.addCleanup(fetch_ms, 600000)
            self.assertGreaterEqual(self.fetched(f"http://127.0.0.1:{port}/x").status, 400)
        self.assertGreaterEqual(self.fetched(f"http://127.0.0.1:{port}/x").status, 400)

    def test_what_is_no_address(self):
        for url in ("ftp://a.example/x", "file:///etc/passwd", "http://", "http:// a", "https://user:password@a.example/", "javascript:x", "http://a\n.example/"):
            answer = self.admin.call("detect", (400, 403), body={"pictures": [{"type": "url", "url": url}]})
            self.assertIsNotNone(answer.code, url)
