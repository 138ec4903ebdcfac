"""The examples of docs/guide/http-api.md, as they stand there, in their order."""
import shutil

import guide
import world as around
from enrolled import enrol
from world import Api, need_pictures, picture, skip, tearDownModule, world  # pylint: disable=unused-import


def setUpModule():  # pylint: disable=invalid-name
    """Two people in a list."""
    need_pictures()
    if not shutil.which("curl"):
        skip("curl")
    around.setUpModule()


class Guide(Api):
    """One test: later examples use what earlier ones made."""

    def variables(self):
        """What the guide tells its readers to set."""
        rights = ["actions.view", "actions.create", "actions.search", "attributes.view", "attributes.delete", "samples.view", "faces.view",
                  "faces.create", "faces.delete", "descriptors.export", "people.view", "people.export", "people.search"]
        anna, berta = enrol("Anna", "staff"), enrol("Berta", "staff")
        extra = self.admin.call("face_create", 201, person=anna["person"], body=picture("Anna", "-quality", "61")).json
        made = self.admin.call("extract", 201, body=picture("Anna")).json
        waits = self.admin.call("face_create", 202, person=berta["person"], body=picture("Anna", "-quality", "62")).json
        return {"URL": f"http://127.0.0.1:{world.server.port}", "TOKEN": world.token(rights).token, "PERSON": anna["person"],
                "FACE": extra["face"]["face"], "ATTRIBUTE": made["images"][0]["faces"][0]["attribute"]["attribute"],
                "DECISION": waits["decision"]}

    def test_pictures_attributes_and_faces(self):
        for name, image in (("anna", picture("Anna")), ("anna2", picture("Anna", "-quality", "60")), ("berta", picture("Berta"))):
            (world.folder / f"{name}.jpg").write_bytes(image)
        self.assertGreater(guide.run(self, world.folder, guide.commands("http-api.md", "## Pictures"), self.variables()), 20)


del Api
