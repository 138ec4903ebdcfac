"""Every route with every role: who may, may, and nobody else.

The requests carry a parameter that no route has. Whoever may use the route is told so (400); who may not does not get that far
(403), and who is nobody neither (401). So each route is asked, and none does anything.
"""
import itertools

from running import SANITIZED
from world import Api, NO_ID, PASSWORD, ROLES, setUpModule, tearDownModule, world  # pylint: disable=unused-import

RIGHTS = {
    "operator": """people.view people.create people.change people.delete people.search consents.view consents.create
        consents.change faces.view faces.create faces.change faces.delete lists.view lists.change samples.view
        attributes.view attributes.create attributes.delete actions.view actions.create actions.search license.view""",
    "auditor": """people.view people.search consents.view lists.view users.view roles.view tokens.view settings.view
        audit.view audit.export license.view""",
    "integrator": """people.view people.create people.change people.search consents.view consents.create consents.change
        faces.view faces.create lists.view attributes.view attributes.create attributes.delete actions.view
        actions.create actions.search license.view""",
    "administrator": """people.view people.create people.change people.delete people.search people.export consents.view
        consents.create consents.change faces.view faces.create faces.change faces.delete lists.view lists.create
        lists.change lists.delete lists.export samples.view samples.export descriptors.create descriptors.export
        attributes.view attributes.create attributes.delete actions.view actions.create actions.search users.view
        users.create users.change users.delete roles.view roles.create roles.change roles.delete tokens.view
        tokens.create tokens.change tokens.delete accounts.view accounts.create accounts.change accounts.delete
        settings.view settings.change audit.view audit.export license.view license.change""",
}
RIGHTS = {role: set(words.split()) for role, words in RIGHTS.items()}


def ask(caller, op, csv=False):
    """The status of a request that does nothing."""
    given = {p["name"]: "operator" if p["name"] == "role" else NO_ID for p in op.parameters if p["in"] == "path"}
    body = {"body": b"{}", "media": "application/json"} if op.bodies else {}
    headers = {"Accept": "text/csv"} if csv else None
    return caller.call(op.name, (400, 401, 403), no_such_parameter="1", headers=headers, **body, **given)


def wanted(op, rights, csv=False):
    """The status that it must have for somebody signed in."""
    needed = ({op.right} | ({op.right_csv} if csv else set())) - {"session", "none"}
    return 400 if needed <= rights else 403


class Routes(Api):
    """The table."""

    def compare(self, caller, who, rights):
        """All routes, as JSON and where there is one as CSV."""
        faults = []
        for op in world.spec.operations.values():
            for csv in (False, True)[:1 + bool(op.right_csv)]:
                answer = ask(caller, op, csv)
                if answer.status != wanted(op, rights, csv):
                    faults.append(f"{op.name}{' as CSV' if csv else ''} with {who}: {answer.status} {answer.body[:200]!r}")
                elif answer.status == 403 and op.right not in rights and op.right not in answer.body.decode():
                    faults.append(f"{op.name}: 403 does not name {op.right}: {answer.body[:300]!r}")
        self.assertEqual(faults, [])

    def test_nobody_gets_what_is_for_anybody(self):
        faults = []
        for op in world.spec.operations.values():
            answer = ask(world.nobody(), op)
            if answer.status != (400 if op.right == "none" else 401):
                faults.append(f"{op.name}: {answer.status}")
        self.assertEqual(faults, [])

    def test_each_role(self):
        for role in ROLES:
            caller = world.role_user(role)
            self.assertEqual(set(caller.call("me_get", 200).json["rights"]), RIGHTS[role], role)
            self.compare(caller, role, RIGHTS[role])

    def test_a_token_with_one_right(self):
        rights = sorted(RIGHTS["administrator"])
        for right in rights[::8] if SANITIZED else rights:
            self.compare(world.token([right]), right, {right})

    def test_a_token_without_rights(self):
        self.compare(world.token([]), "no right", set())

    def test_a_custom_role(self):
        self.admin.call("role_create", 201, body={"role": "reception", "rights": ["people.view", "actions.search"]})
        self.compare(world.user("rec", ["reception"]), "reception", {"people.view", "actions.search"})

    def test_several_roles_add_up(self):
        self.compare(world.user("both", ["auditor", "integrator"]), "both", RIGHTS["auditor"] | RIGHTS["integrator"])

    def test_every_right_opens_something(self):
        used = set(itertools.chain.from_iterable((op.right, op.right_csv) for op in world.spec.operations.values()))
        unused = RIGHTS["administrator"] - used
        # Asked for by operations themselves: with other things on record, or for what is more than its route.
        self.assertEqual(unused, {"attributes.create", "faces.change", "samples.export", "tokens.view", "tokens.delete", "license.change"})


class Taken(Api):
    """What is taken away is gone at once."""

    def test_a_disabled_user(self):
        caller = world.user("gone", ["auditor"])
        token = world.token(["audit.view"], user=caller.record["user"])
        caller.call("me_get", 200)
        token.call("me_get", 200)
        self.admin.call("user_change", 200, user=caller.record["user"], body={"active": False})
        self.refused(caller.call("me_get", 401), 401, "unauthenticated")
        self.refused(token.call("me_get", 403), 403, "forbidden", "disabled")
        self.refused(world.nobody().login("gone", PASSWORD, 403), 403, "forbidden", "disabled")

    def test_fewer_rights(self):
        caller = world.user("less", ["auditor"])
        caller.call("audit_list", 200)
        self.admin.call("user_change", 200, user=caller.record["user"], body={"roles": ["integrator"]})
        self.refused(caller.call("audit_list", 403), 403, "forbidden")

    def test_a_token_never_has_more_than_its_user(self):
        caller = world.user("owner", ["administrator"])
        token = world.token(["audit.view", "people.search"], caller)
        token.call("audit_list", 200)
        self.admin.call("user_change", 200, user=caller.record["user"], body={"roles": ["operator"]})
        self.refused(token.call("audit_list", 403), 403, "forbidden")
        token.call("people_list", 200)

    def test_a_revoked_token(self):
        token = world.token(["people.search"])
        token.call("people_list", 200)
        self.admin.call("token_revoke", 204, token=token.record["token"])
        self.refused(token.call("people_list", 401), 401, "unauthenticated")

    def test_nobody_gives_more_than_they_have(self):
        self.admin.call("role_create", 201, body={"role": "hr", "rights": ["users.view", "users.create", "users.change", "roles.create"]})
        caller = world.user("hr", ["hr"])
        self.refused(caller.call("user_create", 403, body={"login": "x1", "name": "X", "roles": ["administrator"]}), 403, "forbidden")
        self.refused(caller.call("role_create", 403, body={"role": "more", "rights": ["audit.view"]}), 403, "forbidden")
        me = caller.record["user"]
        self.refused(caller.call("user_change", 403, user=me, body={"roles": ["administrator"]}), 403, "forbidden")
        boss = self.admin.me["user"]
        self.refused(caller.call("user_change", 403, user=boss, body={"name": "X"}), 403, "forbidden")
        self.refused(caller.call("user_reset", 403, user=boss), 403, "forbidden")
        with self.subTest("tokens"):
            answer = world.role_user("operator").call("token_create", 403, body={"name": "t", "rights": ["people.view"]})
            self.refused(answer, 403, "forbidden", "tokens.create")
