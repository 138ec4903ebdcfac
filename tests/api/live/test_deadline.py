"""A deadline ends a search where it is, in the gallery."""
from enrolled import enrol
from running import PATIENCE
from world import Api, Caller, need_pictures, setUpModule, tearDownModule, world  # pylint: disable=unused-import

TRIES = 200


class Deadline(Api):
    """Identify, with hardly any time for it."""

    def test_it_ends_a_search(self):
        need_pictures()
        anna = enrol("Anna", "staff")
        token = world.token(["actions.search", "faces.view", "people.view"]).token
        sources = [{"type": "face", "face": anna["face"]}] * 16
        caller = Caller(world.line, token=token)
        caller.call("identify", 200, body={"sources": sources})
        world.server.stop()
        world.server.settings["server.deadline_ms"] = 2 * PATIENCE
        world.server.start()
        caller = Caller(world.line, token=token)
        answers = (caller.call("identify", body={"sources": sources}) for _ in range(TRIES))
        ended = next((a for a in answers if a.status == 503 and "the search did not end" in a.body.decode()), None)
        self.assertIsNotNone(ended, f"none of {TRIES} searches was ended by its deadline")
        self.refused(ended, 503, "timeout")
