"""The examples of docs/guide/users.md, as they stand there, in their order."""
import os
import re
import shutil
import subprocess

import world as around
from running import ROOT
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
        rights = self.admin.me["rights"]
        environment = os.environ | {"URL": f"http://127.0.0.1:{world.server.port}", "TOKEN": world.token(rights).token}
        text = (ROOT / "docs/guide/users.md").read_text(encoding="utf-8")
        ran = 0
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.S | re.M):
            for command in block.replace("\\\n", " ").splitlines():
                done = subprocess.run(["bash", "-c", command], cwd=world.folder, env=environment, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, command + done.stdout + done.stderr)
                for variable, field in made_by(command).items():
                    environment[variable] = re.search(rf'"{field}":"([^"]+)"', done.stdout)[1]
                ran += 1
        self.assertGreater(ran, 20)


del Api
