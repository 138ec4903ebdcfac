"""The examples of docs/guide/http-api.md, and of the first start, as they stand there, in their order."""
import re
import shutil
import subprocess

import guide
import world as around
from running import ROOT
from world import Api, need_pictures, picture, skip, tearDownModule, world  # pylint: disable=unused-import


def setUpModule():  # pylint: disable=invalid-name
    """curl is what they are written for."""
    need_pictures()
    if not shutil.which("curl"):
        skip("curl")
    around.setUpModule()


class Guide(Api):
    """One test: later examples use what earlier ones made."""

    def test_pictures_attributes_and_faces(self):
        for name, image in (("anna", picture("Anna")), ("anna2", picture("Anna", "-quality", "60")), ("berta", picture("Berta"))):
            (world.folder / f"{name}.jpg").write_bytes(image)
        variables = {"URL": f"http://127.0.0.1:{world.server.port}", "TOKEN": world.token(self.admin.me["rights"]).token}
        self.assertGreater(guide.run(self, world.folder, guide.commands("http-api.md"), variables), 25)


class FirstStart(Api):
    """From the one-time password to the first picture, and to a token."""

    def follow(self, page, name):
        """What the page's commands print; what a reader takes out of the answers is put in for the words in capitals."""
        server = type(world.server)(world.folder / name, {}).start()
        folder = world.folder / f"{name}-user"
        folder.mkdir()
        (folder / "photo.jpg").write_bytes(picture("Anna"))
        words = {"ONE-TIME": server.once, "olga": "admin", "http://127.0.0.1:8080": f"http://127.0.0.1:{server.port}"}
        said = []
        try:
            start, *lines = self.lines(page)
            for line in lines:
                command = f"{start}\n{line}"
                for word, value in words.items():
                    command = command.replace(word, value)
                done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, command + done.stderr)
                said.append(done.stdout)
                for field, header, word in (("csrf", "X-CSRF-Token: ", "CSRF"), ("secret", "Bearer ", "TOKEN")):
                    if f'"{field}":"' in done.stdout:
                        words[header + word] = header + guide.value(done.stdout, field)
            server.stop()
        finally:
            server.kill()
        return said

    @staticmethod
    def lines(page):
        """Of the examples that ask the server; the first one sets H."""
        blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.S | re.M)
        return [line for block in blocks if "$H/" in block for line in block.splitlines()]

    def test_of_the_guide(self):
        said = self.follow("docs/guide/server.md", "olgas")
        self.assertIn('"score":', said[3])
        self.assertIn('"login":"admin"', said[-1])

    def test_of_the_readme(self):
        self.assertIn('"score":', self.follow("README.md", "readers")[-1])


del Api
