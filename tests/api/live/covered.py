"""Was every operation asked, did every status that the description names for it come, and every record on the audit log?"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from checks import Checks  # noqa: E402  pylint: disable=wrong-import-position
from running import BIN  # noqa: E402  pylint: disable=wrong-import-position

# Modules that take longest: they begin first.
LONG = ("test_hostile", "test_roles", "test_apart", "test_wrong_types")

# Statuses that no request can bring about alone. `default` is whatever the HTTP layer says.
NEVER = {"default"}
# (operation, status): why nothing sees it.
EXCEPT = {}


# What only test_full sees, which needs PostgreSQL.
FULL = {"503"} if not (BIN / "postgres").exists() else set()


def unrecorded(op, recorded):
    """What no request left on the audit log, though the description says that some do (on_record.py)."""
    if (op.name, "") not in recorded:
        return [f"{op.name} was never compared with the audit log where it was done"]
    promised = [a for a in (op.audit, op.audit_refused, *op.audit_also) if a]
    return [f"{op.name} never left the record {a}" for a in promised if (op.name, a) not in recorded]


def report(folder):
    """Prints what is missing; true where nothing is."""
    seen, unwritten, recorded = set(), set(), set()
    for path in folder.glob("*.json"):
        one = json.loads(path.read_text(encoding="utf-8"))
        seen |= {(name, str(status)) for name, status in one["seen"]}
        unwritten |= set(one["unwritten"])
        recorded |= {tuple(row) for row in one["recorded"]}
    missing, stale = [], []
    for name in sorted(unwritten):
        print(f"SKIPPED: {name} has no handler yet")
    for op in Checks().operations:
        if op.name in unwritten:
            continue
        if not any(n == op.name for n, _ in seen):
            missing.append(f"{op.name} was never asked")
            continue
        for status in sorted(set(op.answers) - NEVER):
            known = EXCEPT.get((op.name, status))
            if (op.name, status) in seen:
                stale += [f"{op.name} {status} was seen: take it off the list in covered.py"] if known else []
            elif not known and status not in FULL:
                missing.append(f"{op.name} {status} was never seen")
        missing += unrecorded(op, recorded)
    for line in missing + stale:
        print(line)
    print(f"{len(seen)} pairs of operation and status were seen, {len(missing)} are missing")
    return not missing and not stale
