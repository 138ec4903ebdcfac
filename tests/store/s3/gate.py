"""A real S3 server (s3rver, from npm) behind a gate that checks signatures and can misbehave.

    gate.py FOLDER

The server keeps objects, lists and refuses as S3 does, but believes every signature; so the gate computes AWS
Signature Version 4 itself, by the rules that Amazon publishes, and refuses what does not match. Its own
computation is first held against two examples of Amazon's documentation.

Says "ready PORT" on stdout, then obeys lines on stdin, answering each with one line:

    pass                    let requests through (as at the beginning)
    error N STATUS CODE     answer the next N requests with this error
    reset N                 cut the next N connections without an answer
    lose N                  carry out the next N requests, then cut the connection without an answer
    half N                  answer the next N requests with half of the body, then cut
    stall                   take requests and answer none
    freeze                  answer with half of the body, then fall silent
    drip N MS               answer N bytes at a time, with pauses
    body TEXT               answer with 200 and this body
    object NAME             put an object of 4 bytes there, past the gate
    down / up               stop the server and close the port; the same port again
    count                   "REQUESTS CONNECTIONS REFUSED" so far
    tls                     speak TLS from now on, with FOLDER/cert.pem

Ends when stdin does.
"""
import calendar
import hashlib
import hmac
import http.client
import http.server
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from urllib.parse import quote, unquote

ACCESS, SECRET, REGION = "test-access", "test/secret+KEY", "eu-test-1"
HERE = os.path.dirname(os.path.abspath(__file__))


def canonical_query(query):
    pairs = [part.partition("=") for part in query.split("&")] if query else []
    pairs = sorted((quote(unquote(k), "-_.~"), quote(unquote(v), "-_.~")) for k, _, v in pairs)
    return "&".join(f"{k}={v}" for k, v in pairs)


def signature(secret, method, path, query, headers, names, payload, date, scope):
    canonical = "\n".join([method, quote(unquote(path), "/-_.~"), canonical_query(query)]
                          + [f"{n}:{' '.join(headers[n].split())}" for n in names]
                          + ["", ";".join(names), payload])
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for step in scope.split("/") + [text]:
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key.hex()


def check_own_signature():
    """The examples "GET Object" and "Get Bucket (List Objects)" of the S3 API reference."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    headers = {"host": "examplebucket.s3.amazonaws.com", "range": "bytes=0-9", "x-amz-content-sha256": empty,
               "x-amz-date": "20130524T000000Z"}
    common = ("20130524T000000Z", "20130524/us-east-1/s3/aws4_request")
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    assert signature(secret, "GET", "/test.txt", "", headers, sorted(headers), empty, *common) == \
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    del headers["range"]
    assert signature(secret, "GET", "/", "max-keys=2&prefix=J", headers, sorted(headers), empty, *common) == \
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"


def why_refused(method, target, headers, body):
    """The S3 error code of a request that is not signed as it must be; None for one that is."""
    match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/,]+)/([^,]+), ?SignedHeaders=([^,]+), ?"
                         r"Signature=([0-9a-f]{64})", headers.get("authorization", ""))
    if not match:
        return "AccessDenied"
    access, scope, names, given = match.groups()
    names, date, payload = names.split(";"), headers.get("x-amz-date", ""), headers.get("x-amz-content-sha256")
    if access != ACCESS:
        return "InvalidAccessKeyId"
    needed = ["host"] + [n for n in headers if n.startswith("x-amz-")]
    if names != sorted(names) or not set(needed) <= set(names) or not set(names) <= set(headers):
        return "AccessDenied"
    if scope != f"{date[:8]}/{REGION}/s3/aws4_request":
        return "AuthorizationHeaderMalformed"
    then = calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
    if abs(time.time() - then) > 900:
        return "RequestTimeTooSkewed"
    if payload != hashlib.sha256(body).hexdigest():
        return "XAmzContentSHA256Mismatch"
    path, _, query = target.partition("?")
    wanted = signature(SECRET, method, path, query, headers, names, payload, date, scope)
    return None if hmac.compare_digest(wanted, given) else "SignatureDoesNotMatch"


def reserve():
    """A port that nobody else is given meanwhile, for one who listens there with SO_REUSEADDR."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    return s


class Gate:
    """What to do with the next request, and what was seen. Guarded by `lock`."""

    def __init__(self, folder):
        self.folder, self.lock, self.changed = folder, threading.Lock(), threading.Event()
        self.mode, self.left, self.args = "pass", 0, []
        self.requests = self.connections = self.refused = 0
        self.s3, self.server, self.context = None, None, None
        self.reserved = [reserve(), reserve()]
        self.port, self.s3_port = (s.getsockname()[1] for s in self.reserved)

    def set_mode(self, mode, left, args):
        with self.lock:
            self.mode, self.left, self.args = mode, left, args
            self.changed.set()
            self.changed = threading.Event()

    def next_mode(self):
        with self.lock:
            self.requests += 1
            now = self.mode, self.args, self.changed
            if self.left:
                self.left -= 1
                if not self.left:
                    self.mode = "pass"
            return now

    def start_s3(self):
        # Its continuation tokens are made with DES.
        self.s3 = subprocess.Popen(
            ["node", "--openssl-legacy-provider", f"{HERE}/node_modules/s3rver/bin/s3rver.js", "-d", f"{self.folder}/objects", "-s",
             "-a", "127.0.0.1", "-p", str(self.s3_port), "--service-endpoint", "localhost",
             "--allow-mismatched-signatures", "--configure-bucket", "samples"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while self.s3.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.s3_port)).close()
                return
            except OSError:
                time.sleep(0.01)
        sys.exit("s3rver does not start")

    def start(self):
        self.start_s3()
        gate = self

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 64

            def get_request(self):
                sock, address = super().get_request()
                gate.connections += 1
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock, address

            def finish_request(self, request, client_address):
                if gate.context:
                    request = gate.context.wrap_socket(request, server_side=True)
                super().finish_request(request, client_address)

            def handle_error(self, request, client_address):
                pass  # connections that end in the middle are what this is about

        self.server = Server(("127.0.0.1", self.port), lambda *args: Handler(gate, *args))
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.stop_s3()

    def stop_s3(self):
        self.s3.kill()
        self.s3.wait()

    def ask_s3(self, method, target, headers, body):
        """As a client of its own: a valid request, so that the real server decides."""
        upstream = http.client.HTTPConnection("127.0.0.1", self.s3_port)
        headers = {k: v for k, v in headers.items() if k not in ("connection", "content-length", "expect")}
        headers["authorization"] = headers["authorization"].replace(ACCESS, "S3RVER")
        upstream.request(method, target, body, headers)
        answer = upstream.getresponse()
        data = answer.read()
        upstream.close()
        return answer.status, data

    def speak_tls(self):
        cert, key = f"{self.folder}/cert.pem", f"{self.folder}/key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.context = context


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, gate, *args):
        self.gate = gate
        super().__init__(*args)

    def log_message(self, *args):
        pass

    def cut(self):
        """RST, not FIN: what a crash of the other side looks like."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def answer(self, status, body, send=None):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if send is None else body[:send])
        self.wfile.flush()

    def error(self, status, code):
        self.answer(status, f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{SECRET} {ACCESS}"
                            "</Message></Error>".encode())

    def handle_any(self):
        gate = self.gate
        headers = {k.lower(): v for k, v in self.headers.items()}
        mode, args, changed = gate.next_mode()
        if mode == "stall":
            changed.wait()
            return self.cut()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        why = why_refused(self.command, self.path, headers, body)
        if why:
            gate.refused += 1
            return self.error(400 if why == "AuthorizationHeaderMalformed" else 403, why)
        if mode == "error":
            return self.error(int(args[0]), args[1])
        if mode == "reset":
            return self.cut()
        if mode == "body":
            return self.answer(200, " ".join(args).encode())
        status, data = gate.ask_s3(self.command, self.path, headers, body)
        if mode == "lose":
            return self.cut()
        if mode in ("half", "freeze"):
            self.answer(status, data, len(data) // 2)
            if mode == "freeze":
                changed.wait()
            return self.cut()
        if mode == "drip":
            return self.drip(status, data, int(args[0]), int(args[1]) / 1000)
        return self.answer(status, data)

    def drip(self, status, data, piece, pause):
        self.answer(status, data, 0)
        for i in range(0, len(data), piece):
            self.wfile.write(data[i:i + piece])
            self.wfile.flush()
            time.sleep(pause)

    do_GET = do_PUT = do_DELETE = handle_any


def obey(gate, words):
    command, args = words[0], words[1:]
    if command in ("error", "reset", "lose", "half"):
        gate.set_mode(command, int(args[0]), args[1:])
    elif command in ("pass", "stall", "freeze", "body", "drip"):
        gate.set_mode(command, 0, args)
    elif command == "object":
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        auth = f"AWS4-HMAC-SHA256 Credential={ACCESS}/x, SignedHeaders=host, Signature=x"
        gate.ask_s3("PUT", f"/samples/{args[0]}", {"authorization": auth, "x-amz-date": date,
                                                   "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, b"half")
    elif command == "down":
        gate.set_mode("pass", 0, [])
        gate.stop()
    elif command == "up":
        gate.start()
    elif command == "tls":
        gate.speak_tls()
    elif command == "count":
        return f"{gate.requests} {gate.connections} {gate.refused}"
    else:
        return "what?"
    return "ok"


def main():
    check_own_signature()
    gate = Gate(sys.argv[1])
    gate.start()
    try:
        print(f"ready {gate.port}", flush=True)
        for line in sys.stdin:
            print(obey(gate, line.split()), flush=True)
    finally:
        gate.stop_s3()


main()
