"""clients/typescript against the server, packed and installed as a program would have it."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from running import ROOT
from world import Api, picture, setUpModule, skip, tearDownModule, world  # pylint: disable=unused-import

PACKAGE = ROOT / "clients/typescript"


def install(folder):
    """What `npm install` makes of the package's archive."""
    copy = folder / "package"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    os.symlink(PACKAGE / "node_modules", copy / "node_modules")
    subprocess.run(["npm", "pack", "--offline", "--silent", "--pack-destination", folder], cwd=copy, check=True, capture_output=True)
    archive, = folder.glob("*.tgz")
    there = folder / "node_modules/@mien/client"
    there.mkdir(parents=True)
    subprocess.run(["tar", "xzf", archive, "-C", there, "--strip-components=1"], check=True)
    return there


class Client(Api):
    """The package @mien/client."""

    def test_packed_installed_and_used(self):
        if not shutil.which("npm") or not (PACKAGE / "node_modules/typescript").is_dir():
            skip("npm or the TypeScript compiler (tools/setup)")
        for name in ("people_list", "list_create"):
            self.assertIn(name, world.spec.operations)
        data = picture("Anna")
        with tempfile.TemporaryDirectory(prefix="mien-client-") as name:
            folder = Path(name)
            there = install(folder)
            self.assertEqual(sorted(p.name for p in there.iterdir()), ["README.md", "dist", "package.json", "src"])
            script, jpeg = folder / "server.mjs", folder / "anna.jpg"
            shutil.copy(ROOT / "tests/api/live/typescript.mjs", script)
            jpeg.write_bytes(data)
            done = subprocess.run(["node", "--test", script], cwd=folder, capture_output=True, text=True, check=False, env={
                **os.environ, "MIEN_URL": f"http://127.0.0.1:{world.server.port}", "MIEN_PICTURE": str(jpeg),
                "MIEN_TOKEN": world.token(self.admin.me["rights"]).token})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.admin.call("people_list", 200)
