"""A deadline ends a search where it is, in the gallery."""
from enrolled import enrol
from world import Api, Caller, in_time, need_pictures, setUpModule, tearDownModule, world  # pylint: disable=unused-import

TRIES = 200


class Deadline(Api):
    """Identify, with hardly any time for it."""

    def test_it_ends_a_search(self):
        need_pictures()
        anna = enrol("Anna", "staff")
        token = world.token(["actions.search", "faces.view", "people.view"]).token
        sources = [{"type": "face", "face": anna["face"]}] * 16
        Caller(world.line, token=token).call("identify", 200, body={"sources": sources})
        self.refused(in_time(lambda twice: self.ended(token, sources, twice // 2)), 503, "timeout")

    @staticmethod
    def ended(token, sources, milliseconds):
        """The answer to a search that its deadline ended; None: it ended every one before or behind the gallery."""
        world.server.stop()
        world.server.settings["server.deadline_ms"] = milliseconds
        world.server.start()
        caller = Caller(world.line, token=token)
        answers = (caller.call("identify", body={"sources": sources}) for _ in range(TRIES))
        return next((a for a in answers if a.status == 503 and "the search did not end" in a.body.decode()), None)
