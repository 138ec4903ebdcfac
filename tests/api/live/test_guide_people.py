"""The examples of docs/guide/people.md; and is there an example of everything?"""
import re
import shutil

import guide
import world as around
from world import Api, need_pictures, picture, skip, tearDownModule, world  # pylint: disable=unused-import

PAGES = ("people.md", "http-api.md", "users.md", "transfer.md")


def setUpModule():  # pylint: disable=invalid-name
    """curl is what they are written for."""
    need_pictures()
    if not shutil.which("curl"):
        skip("curl")
    around.setUpModule()


class Guide(Api):
    """What a reader types."""

    def test_people_consents_and_lists(self):
        (world.folder / "form.pdf").write_bytes(b"%PDF-1.4 signed")
        (world.folder / "anna.jpg").write_bytes(picture("Anna"))
        variables = {"URL": f"http://127.0.0.1:{world.server.port}", "TOKEN": world.token(self.admin.me["rights"]).token}
        self.assertGreater(guide.run(self, world.folder, guide.commands("people.md"), variables), 35)

    def test_people_in_and_out(self):
        self.admin.call("list_create", (201, 409), body={"name": "staff", "purpose": "identification"})
        variables = {"URL": f"http://127.0.0.1:{world.server.port}", "TOKEN": world.token(self.admin.me["rights"]).token}
        self.assertGreater(guide.run(self, world.folder, guide.commands("transfer.md", "## Over HTTP"), variables), 1)

    def test_every_route_has_an_example(self):
        """But for what a browser does."""
        left = {"login", "logout", "me_get", "password_change", "sessions_list", "session_end", "docs_get", "docs_file"}
        asked = [path for page in PAGES for path in guide.paths(guide.commands(page))]
        for name, op in world.spec.operations.items():
            if name in left:
                continue
            path = re.compile(re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(op.path)))
            with self.subTest(name):
                self.assertTrue(any(path.fullmatch(p) for p in asked), op.path)


del Api
