"""What no honest client sends: requests, paths, forms and pictures that are none."""
import struct
import zlib

from running import ROOT
from world import png

DATA = ROOT / "tests/image/data"

REQUESTS = [
    b"", b"\r\n", b"\0" * 100, b"GET", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /healthz HTTP/1.1\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: a\0b\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", b"GET /healthz HTTP/1.1\r\n: y\r\n\r\n",
    b"POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx",
    b"POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
    b"POST /v1/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /v1/login HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\n{}",
    b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", b"M\xc3\xa4H /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://other.example/healthz HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 3000 + b"\r\n", b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 60000 + b"\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nRange: bytes=0-,0-,0-\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: a\r\nCookie: " + b"a=b;" * 3000 + b"\r\n\r\n",
]

PATHS = (
    "/../etc/passwd", "/docs/../../etc/passwd", "/docs/%2e%2e/%2e%2e/etc/passwd", "/docs/..%2f..%2fetc/passwd", "//etc/passwd",
    "/docs/%00", "/docs/viewer.js%00.css", "/docs/%c0%ae%c0%ae/x", "/docs/..\\..\\x", "/v1/people/%2e%2e/users", "/v1//people",
    "/v1/people/", "/v1/./people", "/v1/people;x=1", "/V1/people", "/v1/people%2f", "/v1/people/%ff", "/v1/people/\x80\x81", "/%",
    "/%zz", "/v1/people#x", "/docs/viewer.js/", "/docs/.htaccess",
)


def forms():
    """Bodies of multipart/form-data with the boundary x."""
    head = b'--x\r\nContent-Disposition: form-data; name="picture"'
    good = png(64, 64)
    return [
        b"", b"--x", b"--x--", b"--x--\r\n", b"--x\r\n\r\n--x--\r\n", head, head + b"\r\n\r\n", head + b"\r\n\r\nabc", head + b"\r\n\r\nabc\r\n--x",
        head + b"\r\n\r\nabc\r\n--y--\r\n", head + b'; filename="' + b"a" * 5000 + b'"\r\n\r\nabc\r\n--x--\r\n',
        head + b'; filename="../../etc/passwd\0.jpg"\r\n\r\n' + good + b"\r\n--x--\r\n", head + b'; name="other"\r\n\r\nabc\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="strange"\r\n\r\n1\r\n--x--\r\n', b"--x\r\nContent-Disposition: attachment\r\n\r\n1\r\n--x--\r\n",
        b"--x\r\nX: y\r\n\r\n1\r\n--x--\r\n", b"--x\r\n" + b"X: y\r\n" * 5000 + b"\r\n1\r\n--x--\r\n",
        (head + b"\r\n\r\n\r\n") * 500 + b"--x--\r\n", (head + b"\r\n\r\n" + good + b"\r\n") * 17 + b"--x--\r\n",
        head + b"\r\n\r\n" + good + b'\r\n--x\r\nContent-Disposition: form-data; name="boxes"\r\n\r\n{\r\n--x--\r\n',
        head + b"\r\n\r\n" + good + b'\r\n--x\r\nContent-Disposition: form-data; name="boxes"\r\n\r\n[{"x":"1"}]\r\n--x--\r\n',
        head + b"\r\n\r\n" + good + b'\r\n--x\r\nContent-Disposition: form-data; name="boxes"\r\n\r\n' + b"[" * 30000 + b"\r\n--x--\r\n",
        head + b"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--x--\r\n", b"\0" * 1000, b"--" * 50000,
    ]


def bomb_png():
    """Few bytes, 30 000 x 30 000."""
    return png(30000, 30000, b"\0" * 3750, depth=1, color=0)


def pictures():
    """(what, bytes) of pictures that are damaged, lie, or want too much."""
    good = (DATA / "rgb.jpg").read_bytes()
    yield "a lie about the size", good.replace(good[good.find(b"\xff\xc0") + 5:good.find(b"\xff\xc0") + 9], b"\xff\xff\xff\xff", 1)
    yield "PNG bomb", bomb_png()
    yield "PNG without end", png(64, 64)[:-20]
    yield "PNG of size 0", png(64, 64).replace(struct.pack(">II", 64, 64), struct.pack(">II", 0, 64))
    yield "PNG of size 2^31", png(64, 64).replace(struct.pack(">II", 64, 64), struct.pack(">II", 2**31 - 1, 2**31 - 1))
    yield "PPM of size 2^32", b"P6\n4294967296 4294967296\n255\n" + b"x" * 100
    yield "PPM that is short", b"P6\n2000 2000\n255\n" + b"x" * 100
    yield "a zlib bomb", zlib.compress(b"\0" * (50 << 20), 9)
    for kind in (b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", b"%PDF-1.4", b"PK\x03\x04", b"\x7fELF",
                 b"#EXTM3U\nhttp://127.0.0.1/x", b"RIFF\xff\xff\xff\xffWEBPVP8 ", b"II*\0\xff\xff\xff\xff", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"\0\0\0\x0cjP  \r\n\x87\n"):
        yield repr(kind[:12]), kind + b"\0" * 64
        yield repr(kind[:12]) + " alone", kind
    yield "noise", bytes((i * 7919 + i // 3) & 255 for i in range(20000))
    yield "one byte", b"\xff"
