"""Health, numbers, the description and its viewer, and what is the same for all answers."""
import gzip
import json

from world import Api, skip, setUpModule, tearDownModule, world  # pylint: disable=unused-import


class Operation(Api):
    """For those who run the server."""

    def test_alive_and_ready(self):
        nobody = world.nobody()
        self.assertEqual(nobody.call("healthz", 200).json, {"alive": True})
        ready = nobody.call("readyz", 200).json
        self.assertIs(ready["ready"], True)
        self.assertIn("store", [c["name"] for c in ready["checks"]])
        self.refused(nobody.call("healthz", 400, strange="1"), 400, "invalid", "strange")
        self.refused(nobody.call("readyz", 400, strange="1"), 400, "invalid", "strange")

    def test_numbers(self):
        self.refused(world.nobody().call("metrics", 401), 401, "unauthenticated")
        self.refused(self.admin.call("metrics", 400, x="1"), 400, "invalid")
        world.nobody().call("healthz", 200)
        text = self.admin.call("metrics", 200).body.decode()
        names = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line and not line.startswith("#")}
        self.assertTrue(all(n.startswith("mien_") or n.startswith("process_") for n in names), names)
        (row,) = [x for x in text.splitlines() if "requests_total" in x and 'operation="healthz"' in x and '"2xx"' in x]
        self.assertGreaterEqual(int(row.split()[-1]), 1)
        self.assertNotIn("admin", text)

    def test_the_description_is_the_one_of_the_tree(self):
        answer = world.nobody().call("openapi_get", 200)
        self.assertEqual(set(answer.json["paths"]), set(world.spec.document["paths"]))
        self.assertEqual(answer.json["openapi"], "3.1.0")
        self.refused(world.nobody().call("openapi_get", 400, x="1"), 400, "invalid")

    def test_the_viewer(self):
        nobody = world.nobody()
        self.refused(nobody.call("docs_file", 404, file="strange.js"), 404, "not_found")
        self.refused(nobody.call("docs_file", 404, file="openapi.json"), 404, "not_found")
        self.refused(nobody.call("docs_file", 400, file="..x"), 400, "invalid")
        page = nobody.call("docs_get", (200, 404))
        self.refused(nobody.call("docs_get", 400, x="1"), 400, "invalid")
        if page.status == 200:
            self.assertIn(b"viewer.js", page.body)
            self.assertIn("default-src", page.header("Content-Security-Policy"))
            self.assertGreater(len(nobody.call("docs_file", 200, file="viewer.js").body), 100)


class Answers(Api):
    """What all answers have in common."""

    def test_an_id_of_the_request_is_given_or_taken(self):
        first, second = (world.nobody().call("healthz", 200).header("X-Request-Id") for _ in range(2))
        self.assertNotEqual(first, second)
        answer = world.nobody().call("healthz", 200, headers={"X-Request-Id": "door-7.1"})
        self.assertEqual(answer.header("X-Request-Id"), "door-7.1")
        refused = world.nobody().call("me_get", 401, headers={"X-Request-Id": "door-7.2"})
        self.assertEqual(refused.json["request_id"], "door-7.2")
        strange = world.nobody().call("healthz", 200, headers={"X-Request-Id": "a b<c>"})
        self.assertNotIn("<", strange.header("X-Request-Id"))

    def test_unknown_addresses_and_methods(self):
        for target in ("/", "/v1", "/v1/", "/v2/people", "/v1/peoples", "/v1/people/a/b/c/d", "/docs/a/b", "/favicon.ico"):
            self.refused(world.line.request("GET", target), 404, "not_found")
        answer = world.line.request("DELETE", "/healthz")
        self.refused(answer, 405, "method_not_allowed")
        self.assertEqual(answer.header("Allow"), "GET, HEAD")
        answer = world.line.request("OPTIONS", "/v1/people")
        self.refused(answer, 405, "method_not_allowed")
        self.assertEqual(answer.header("Allow"), "GET, HEAD, POST")
        self.refused(world.line.request("OPTIONS", "/v1/nothing"), 404, "not_found")
        self.assertEqual(world.line.request("TRACE", "/healthz").status, 501)

    def test_head_is_get_without_the_body(self):
        for target in ("/healthz", "/v1/openapi.json"):
            whole = world.line.request("GET", target)
            head = world.line.request("HEAD", target)
            self.assertEqual(head.status, 200)
            self.assertEqual(head.header("Content-Length"), str(len(whole.body)))

    def test_compression(self):
        plain = world.line.request("GET", "/v1/openapi.json")
        self.assertIsNone(plain.header("Content-Encoding"))
        packed = world.server.port and self.raw("/v1/openapi.json", {"Accept-Encoding": "gzip"})
        self.assertEqual(packed.getheader("Content-Encoding"), "gzip")
        self.assertEqual(json.loads(gzip.decompress(packed.read())), plain.json)

    @staticmethod
    def raw(target, headers):
        """Without the checks: the body is packed."""
        connection = world.line._connection()  # pylint: disable=protected-access
        connection.request("GET", target, headers=headers)
        return connection.getresponse()

    def test_conditions(self):
        nobody = world.nobody()
        for name, given in (("openapi_get", {}), ("docs_get", {}), ("docs_file", {"file": "viewer.js"})):
            answer = nobody.call(name, (200, 404), **given)
            if answer.status == 404:
                skip("the viewer's package (tools/setup)")
            same = nobody.call(name, 304, headers={"If-None-Match": answer.etag}, **given)
            self.assertEqual((same.body, same.etag), (b"", answer.etag))
            self.assertEqual(nobody.call(name, 200, headers={"If-None-Match": '"other"'}, **given).body, answer.body)

    def test_answers_are_not_kept_by_others(self):
        self.assertIn("no-store", self.admin.call("me_get", 200).header("Cache-Control"))
        self.assertEqual(self.admin.call("me_get", 200).header("Referrer-Policy"), "no-referrer")
