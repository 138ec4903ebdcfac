"""What pictures take of the server's memory while they are worked on: of one at a time, however many a request has, and of
all requests together what image.memory allows."""
import concurrent.futures
import pathlib
import re
import unittest

from running import SANITIZED
from world import Api, need_pictures, png, tearDownModule, world  # pylint: disable=unused-import

SIDE = 3400
PIXELS = 3 * SIDE * SIDE          # what one takes when it is decoded: 35 MB, which malloc gives back at once
WORK = 2 * PIXELS + 60_000_000    # and while it is: FFmpeg's frame, the networks' copies
MEMORY = 130_000_000              # image.memory: room for one of these at a time


def setUpModule():  # pylint: disable=invalid-name
    """With more places at the gate than image.memory has room for."""
    world.start(image__memory=MEMORY, infer__workers=8, server__pixel_workers=8, server__deadline_ms=0)


def peak():
    """Most that the server has had in memory so far, bytes."""
    status = pathlib.Path(f"/proc/{world.server.process.pid}/status").read_text(encoding="ascii")
    return 1024 * int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)[1])


@unittest.skipIf(SANITIZED, "a sanitizer's memory is its own")
class Memory(Api):
    """Peaks, so each test begins with a server that has none behind it."""

    def setUp(self):
        super().setUp()
        need_pictures()
        world.server.stop()
        world.server.start()
        self.admin.call("detect", 200, body=png(64, 64))  # the networks are there
        self.large = png(SIDE, SIDE)
        self.before = peak()

    def test_a_request_with_many_pictures_has_one_in_memory_at_a_time(self):
        images = self.admin.call("detect", 200, parts=[("picture", self.large)] * 8).json["images"]
        self.assertEqual([(i["width"], i["height"], len(i["faces"])) for i in images], [(SIDE, SIDE, 0)] * 8)
        self.assertLess(peak() - self.before, WORK)

    def test_many_requests_share_the_memory(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(self.admin.call, "detect", 200, body=self.large) for _ in range(4)]
            for job in jobs:
                self.assertEqual(job.result().json["images"][0]["width"], SIDE)
        self.assertLess(peak() - self.before, MEMORY + 50_000_000)
