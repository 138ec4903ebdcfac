#!/usr/bin/env python3
"""A small HTTP server for the tests of fetching: serves DATA with ranges, and misbehaves where a path asks for it.

Usage: server.py PORTFILE. Writes its port there and serves until its standard input ends.
"""
import http.server
import os
import sys
import threading

DATA = bytes(i * 7 % 251 for i in range(200_000))
LOG = []  # the Range headers of all requests, in order


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=(), announce=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if announce is None else announce))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def ranged(self, data, cut=None):
        """data, or the part asked for; `cut`: the connection ends after so many bytes."""
        start = int((self.headers["Range"] or "bytes=0-")[6:].split("-")[0])
        if start >= len(data):
            return self.answer(416)
        body = data[start:]
        partial = "Range" in self.headers
        headers = [("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")] if partial else []
        self.answer(206 if partial else 200, body[:cut], headers, len(body))
        self.close_connection = True

    def do_GET(self):
        name = self.path.strip("/").split("?")[0]
        if name != "log":
            LOG.append((name, self.headers["Range"] or "all"))
        tries = sum(1 for n, _ in LOG if n == name)
        if name == "log":
            text = " ".join(f"{n}:{r}" for n, r in LOG).encode()
            LOG.clear()
            return self.answer(200, text)
        if name in ("good", "pack/mirrored.onnx", "flat.onnx", "upstream.onnx"):
            return self.ranged(DATA)
        if name == "cut":  # twice after 60 000 bytes, then whole
            return self.ranged(DATA, 60_000 if tries <= 2 else None)
        if name == "norange":  # cut once, then always the whole file
            self.answer(200, DATA[: 50_000 if tries == 1 else None], announce=len(DATA))
            self.close_connection = True
        elif name == "changed":
            self.ranged(DATA[::-1])
        elif name == "short":
            self.ranged(DATA[:1000])
        elif name == "long":
            self.ranged(DATA + b"x")
        elif name == "endless":  # no length: chunks for ever
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"%x\r\n" % len(DATA) + DATA + b"\r\n")
            except OSError:
                self.close_connection = True
        elif name == "busy":  # 503 once
            self.answer(503) if tries == 1 else self.ranged(DATA)
        elif name == "slow":  # says something, then nothing
            self.send_response(200)
            self.send_header("Content-Length", str(len(DATA)))
            self.end_headers()
            self.wfile.write(DATA[:10])
            self.wfile.flush()
            threading.Event().wait(20)
        elif name == "away":
            self.answer(302, headers=[("Location", "/good")])
        elif name == "redirect":  # to what is behind the question mark
            self.answer(302, headers=[("Location", self.path.split("?", 1)[1])])
        elif name in ("image", "text"):
            self.answer(200, DATA[:1000], [("Content-Type", {"image": "image/jpeg; q=1", "text": "text/html"}[name])])
        elif name == "loop":
            self.answer(302, headers=[("Location", "/loop")])
        elif name == "to-file":
            self.answer(302, headers=[("Location", "file:///etc/passwd")])
        elif name == "to-ftp":
            self.answer(302, headers=[("Location", "ftp://127.0.0.1/x")])
        elif name == "forbidden":
            self.answer(403)
        else:
            self.answer(404)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
