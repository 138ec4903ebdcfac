#!/usr/bin/env python3
"""Does the viewer show the description in a browser, under its policy and with nothing from elsewhere? page.py openapi.json

Serves the files as the program does: the page under /docs, the rest beside it, with the policy of src/app/docs.h.
"""
import http.server
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "web/docs/node_modules/swagger-ui-dist"
browser = shutil.which("chromium") or shutil.which("chromium-browser")
if not browser or not PACKAGE.is_dir():
    print("SKIPPED: chromium or the viewer's package is not here (tools/setup gets the package)")
    sys.exit(77)

POLICY = "".join(re.findall(r'"([^"]*)"', (ROOT / "src/app/docs.h").read_text().split("MN_DOCS_POLICY", 1)[1].split("/*")[0]))
FILES = {
    "/under/docs": (ROOT / "web/docs/index.html", "text/html"),
    "/under/docs/viewer.js": (ROOT / "web/docs/viewer.js", "text/javascript"),
    "/under/docs/swagger-ui.css": (PACKAGE / "swagger-ui.css", "text/css"),
    "/under/docs/swagger-ui-bundle.js": (PACKAGE / "swagger-ui-bundle.js", "text/javascript"),
    "/under/v1/openapi.json": (pathlib.Path(sys.argv[1]), "application/json"),
}
asked = []


class Handler(http.server.BaseHTTPRequestHandler):
    """Gives the files away."""

    def do_GET(self):  # pylint: disable=invalid-name
        """One file."""
        asked.append(self.path)
        path, kind = FILES.get(self.path, (None, None))
        self.send_response(200 if path else 404)
        body = path.read_bytes() if path else b""
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        """Says nothing."""


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as profile:
        run = subprocess.run(
            [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0", f"--user-data-dir={profile}",
             "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--virtual-time-budget=20000", "--dump-dom",
             f"http://127.0.0.1:{server.server_port}/under/docs"],
            capture_output=True, text=True, timeout=400, check=False)
    faults = [line for line in run.stderr.splitlines() if "CONSOLE" in line and "404" not in line]
    for words in ("Enrol a face", "Which of the people enrolled is this?", "/v1/people/{person}/erase"):
        plain = run.stdout.replace("<wbr>", "").replace("\u200b", "")
        if words not in plain:
            faults.append(f"the page does not show {words!r}")
    strange = set(asked) - set(FILES) - {"/under/v1/me"}
    if strange:
        faults.append(f"the page asks for {strange}")
    print("\n".join(faults) or f"shown, {len(asked)} requests")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
