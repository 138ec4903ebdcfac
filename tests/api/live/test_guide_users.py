"""The examples of docs/guide/users.md, as they stand there, in their order."""
import shutil

import guide
import world as around
from world import Api, skip, tearDownModule, world  # pylint: disable=unused-import


def setUpModule():  # pylint: disable=invalid-name
    """curl is what they are written for."""
    if not shutil.which("curl"):
        skip("curl")
    around.setUpModule()


def made_by(command):
    """The variable that the guide's readers take out of the answer, and the field that it is."""
    for start, pairs in (('"login": "jan"', {"JAN": "user"}), ('"name": "door"', {"DOOR": "secret", "DOOR_ID": "token"}),
                         ('"name": "north"', {"NORTH": "account"})):
        if start in command:
            return pairs
    return {}


class Guide(Api):
    """One test: later examples use what earlier ones made."""

    def test_users_roles_tokens_accounts_settings_audit(self):
        variables = {"URL": f"http://127.0.0.1:{world.server.port}", "TOKEN": world.token(self.admin.me["rights"]).token}
        self.assertGreater(guide.run(self, world.folder, guide.commands("users.md"), variables, made_by), 20)


del Api
