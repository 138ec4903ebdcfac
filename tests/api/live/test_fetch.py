"""Pictures from addresses: they take the time and the memory of their request, and no more."""
import concurrent.futures
import http.server
import threading
import time

from running import PATIENCE_S
from world import Api, in_time, need_pictures, tearDownModule, until, world  # pylint: disable=unused-import

BODY_MAX = 1_000_000
PPM = b"P6\n600 400\n255\n" + b"\x80" * 720000


class Host(http.server.BaseHTTPRequestHandler):
    """Serves one picture, or drips it."""
    protocol_version = "HTTP/1.1"
    go_on, asked = threading.Event(), []

    def do_GET(self):  # pylint: disable=invalid-name
        """/picture; /drip/N: never ends; /rest: all but its last byte, and that when go_on is set."""
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(PPM)))
        self.end_headers()
        try:
            if self.path.startswith("/drip"):
                for byte in PPM:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.1)
            elif self.path == "/rest":
                self.wfile.write(PPM[:-1])
                self.go_on.wait(PATIENCE_S)
                self.wfile.write(PPM[-1:])
            else:
                self.wfile.write(PPM)
        except OSError:
            pass
        self.close_connection = True

    def log_message(self, *_):  # pylint: disable=arguments-differ
        """Says nothing."""


host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
host.daemon_threads = True


def setUpModule():  # pylint: disable=invalid-name
    """Little memory for bodies."""
    threading.Thread(target=host.serve_forever, daemon=True).start()
    world.start(fetch__allow="127.0.0.1", fetch__max_ms=600000, server__body_max=BODY_MAX, server__bodies_max=1 << 20)


def sources(*paths):
    """A body with these pictures."""
    return {"pictures": [{"type": "url", "url": f"http://127.0.0.1:{host.server_port}/{p}"} for p in paths]}


class Fetch(Api):
    """POST /v1/detect stands for all that take pictures."""

    def setUp(self):
        super().setUp()
        need_pictures()
        Host.asked.clear()

    def test_hosts_that_drip_end_with_the_deadline(self):
        def ended(seconds):
            world.server.stop()
            world.server.settings["server.deadline_ms"] = 1000 * seconds
            world.server.start()
            answer = self.admin.call("detect", 503, body=sources(*(f"drip/{i}" for i in range(16))))
            return answer if Host.asked else None
        usual = world.server.settings["server.deadline_ms"]
        try:
            self.refused(in_time(ended), 503, "timeout")
            self.assertEqual(Host.asked, ["/drip/0"])
        finally:
            world.server.stop()
            world.server.settings["server.deadline_ms"] = usual
            world.server.start()

    def test_all_together_are_no_larger_than_a_body(self):
        images = self.admin.call("detect", 200, body=sources("picture", "picture")).json["images"]
        self.assertEqual(images[0]["width"], 600)
        self.assertEqual(images[1]["error"]["code"], "limit")

    def test_they_count_among_the_bodies_in_memory(self):
        Host.go_on.clear()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            first = pool.submit(self.admin.call, "detect", 200, body=sources("rest"))
            try:
                until(lambda: self.metric("body_bytes") >= len(PPM) - 1)
                self.refused(self.admin.call("detect", 503, body=sources("picture")), 503, "busy")
            finally:
                Host.go_on.set()
            self.assertEqual(first.result().json["images"][0]["width"], 600)
        self.admin.call("detect", 200, body=sources("picture"))
