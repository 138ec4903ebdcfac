#!/usr/bin/env python3
"""Does the server stay the same under load? soak.py [--store postgres]

Tens of thousands of mixed requests (visitor.py) from several processes with several connections each, in rounds. Between the rounds
all connections are closed, and memory, file descriptors and threads of the server are looked at. It must answer all along, must not
grow, must end well with connections open, and what it stored must be whole. MIEN_SOAK_REQUESTS=1000000 for a long one.
"""
import argparse
import collections
import json
import math
import multiprocessing
import os
import random
import re
import socket
import sys
import time
import unittest

import hostile
import running
import spec as answers  # makes the next two found
from checks import Checks
from differential import Maker, whole
from visitor import LARGE, NOT_MADE, Visitor, head
from world import Api, picture, world

REQUESTS = int(os.environ.get("MIEN_SOAK_REQUESTS", "6000" if running.SANITIZED else "20000"))
VISITORS, ROUNDS = 6, 8
RESIDENTS = 16000  # so many that SQLite's cache of pages is full before anything is measured
# What may be more after all rounds than after the first: connections to the store are made when several are needed at once, threads
# for compaction, the snapshot and shared commits when there is first something to do, and one for each matching whose client has gone.
FILES_MORE, THREADS_MORE = 16, 7
# What malloc has given out: on SQLite each of the connections that read fills a cache of 4 MiB slowly; and once in a run, early or late,
# there are 17 MiB more at once, on both back ends and no more in 80 000 requests: ONNX Runtime's arena, it seems, which doubles.
# Resident memory may grow by more, as the heap is in pieces; by how much differs from run to run.
HEAP_MORE, RESIDENT_MORE, MORE_A_REQUEST = {"sqlite": 56 << 20, "postgres": 38 << 20}, 96 << 20, 32
# These make something of every body that fits: theirs never fits.
MAKING = {"person_create", "people_create_batch", "list_create", "lists_create_batch", "user_create", "role_create", "token_create", "account_create", "settings_change",
          "fields_put"}

facts = {}


def bodies_of(op, maker):
    """Bodies of its schema, each third one spoiled; none that makes something, or has the server look for an address."""
    schema = op.bodies["application/json"]
    out = []
    while len(out) < 30:
        body = whole(maker.make(schema))
        body = whole(maker.spoil(body)) if len(out) % 3 == 0 else body
        if op.name in MAKING:
            body = {**(body if isinstance(body, dict) else {}), "no_such_field": 1}
        text = json.dumps(body).encode()
        if b'"url"' not in text and len(text) < 100000:
            out.append(text)
    return out


def prepare():
    """Who is there, and what may be sent."""
    api = Api()
    api.setUp()
    admin, chance = world.admin, random.Random(1)
    there = api.list("soak")
    anna = api.enrolled("Anna", there)
    admin.call("consent_give", 201, person=anna["person"], body={"purpose": "verification", "method": "form"})
    people = [anna["person"]]
    for _ in range(RESIDENTS // 1000):
        made = admin.call("people_create_batch", 200, body={"people": [{"name": "Soak resident"}] * 1000}).json["results"]
        people.append(made[0]["id"])
    face = admin.call("person_faces", 200, person=anna["person"]).json["faces"][0]["face"]
    made = admin.call("descriptor_get", 200, face=face).json
    vectors = []
    for _ in range(40):
        row = [chance.gauss(0, 1) for _ in made["values"]]
        length = math.sqrt(sum(v * v for v in row))
        vectors.append([round(v / length, 5) for v in row])
    checks, operations = Checks(), world.spec.operations.values()
    facts.update({
        "port": world.server.port, "token": world.token(sorted(admin.me["rights"])).token, "lists": ["soak"], "people": people, "face": face,
        "descriptor": {"model": made["model"], "metric": made["metric"]}, "vectors": vectors,
        "pictures": [picture(name, "-resize", "60%") for name in ("Anna", "Berta", "Clara")],
        "requests": hostile.REQUESTS, "paths": hostile.PATHS, "forms": hostile.forms(), "hostile": [data for _, data in hostile.pictures()],
        "made": [op.name for op in operations if op.name not in (*NOT_MADE, *LARGE)],
        "bodies": {op.name: bodies_of(op, Maker(checks.document, "soak " + op.name)) for op in operations if "application/json" in op.bodies},
    })


def visit(seed, requests):
    """In a process of its own: what was seen, and what was wrong."""
    try:
        return Visitor(facts, world.spec, seed).visit(requests), None
    except (AssertionError, OSError, ValueError, LookupError, TypeError) as fault:
        return collections.Counter(), f"visitor {seed}: {type(fault).__name__}: {fault}"


class Process:
    """The server, seen from outside."""

    def __init__(self, pid):
        self.folder = f"/proc/{pid}"

    def files(self):
        """How many descriptors are open."""
        return len(os.listdir(self.folder + "/fd"))

    @staticmethod
    def heap():
        """Bytes that malloc has given out. What a request takes whose client has gone is given back a little later."""
        seen = []
        for _ in range(4):
            metrics = world.admin.call("metrics", 200).body.decode()
            seen.append(int(re.search(r"(?m)^mien_process_heap_bytes (\d+)$", metrics)[1]))
            world.line.close()
            time.sleep(0.3)
        return min(seen)

    def look(self):
        """(bytes of the heap, resident bytes, descriptors, threads), when connections that ended are closed here too."""
        until, before = time.monotonic() + running.PATIENCE_S, None
        while (now := self.files()) != before and time.monotonic() < until:
            before = now
            time.sleep(0.4)
        with open(self.folder + "/status", encoding="ascii") as file:
            text = file.read()
        resident, threads = (int(re.search(rf"{name}:\s+(\d+)", text)[1]) for name in ("VmRSS", "Threads"))
        return self.heap(), resident << 10, self.files(), threads


def slope(points):
    """Of the straight line through (x, y) with the least squares."""
    x, y = (sum(p[i] for p in points) / len(points) for i in (0, 1))
    return sum((p[0] - x) * (p[1] - y) for p in points) / sum((p[0] - x) ** 2 for p in points)


def judge_memory(what, rows, column, more):
    """The fault of a column that grows by more than that and a little a request. A sanitizer keeps for a while what was freed."""
    requests = rows[-1][0] - rows[0][0]
    each = slope([(r[0], r[column]) for r in rows])
    allowed = more + MORE_A_REQUEST * requests
    print(f"{what}: {each:.1f} bytes a request, {each * requests / 2**20:.1f} MiB in all; {allowed / 2**20:.1f} MiB are allowed")
    if each * requests > allowed and not running.SANITIZED:
        yield f"{what} grows by {each:.1f} bytes a request"


def judge_growth(rows, store):
    """Faults of (requests so far, heap, resident bytes, descriptors, threads) after each round; the first is behind the warm-up."""
    yield from judge_memory("heap", rows, 1, HEAP_MORE[store])
    yield from judge_memory("resident memory", rows, 2, RESIDENT_MORE)
    first, last = rows[0], rows[-1]
    if last[3] > first[3] + FILES_MORE:
        yield f"{first[3]} descriptors became {last[3]}"
    if last[4] > first[4] + THREADS_MORE:
        yield f"{first[4]} threads became {last[4]}"


def judge_seen(seen):
    """Faults: an operation that nobody asked, a group of routes where nothing ever worked."""
    for op in world.spec.operations.values():
        if op.name not in NOT_MADE and not any(name == op.name for name, _ in seen):
            yield f"{op.name} was never asked"
    for tag in {t for op in world.spec.operations.values() for t in op.tags}:
        if not any(200 <= status < 300 and tag in world.spec.operations[name].tags for name, status in seen if name != "none"):
            yield f"nothing of {tag} ever worked"
    if sum(n for (_, status), n in seen.items() if status == 503) > sum(seen.values()) // 100:
        yield "more than one answer in a hundred was 503"


def run_rounds(process):
    """(faults, rows as judge_growth wants them, what was seen)"""
    seen, rows, faults, each = collections.Counter(), [], [], REQUESTS // (ROUNDS + 1) // VISITORS
    with multiprocessing.get_context("fork").Pool(VISITORS) as pool:
        for number in range(ROUNDS + 1):
            began = time.monotonic()
            for counts, fault in pool.starmap(visit, [(number * VISITORS + i, each) for i in range(VISITORS)], chunksize=1):
                seen += counts
                faults += [fault] if fault else []
            took = time.monotonic() - began
            world.server.check()
            rows.append((sum(seen.values()), *process.look()))
            print("%8d requests, %6.1f MiB of heap, %6.1f resident, %3d descriptors, %3d threads, %5.0f a second" %
                  (rows[-1][0], rows[-1][1] / 2**20, rows[-1][2] / 2**20, *rows[-1][3:], each * VISITORS / took), flush=True)
            if faults:
                break
    return faults, rows, seen


def end():
    """Stops the server while connections are idle, in the middle of a request and waiting for answers, which would all last longer than
    it may take to stop; then looks at its records."""
    world.server.stop()
    world.server.settings |= {"server.head_ms": 600000, "server.body_ms": 600000, "server.idle_ms": 3600000}
    world.server.start()
    lines = [socket.create_connection(("127.0.0.1", world.server.port)) for _ in range(30)]
    image = head("POST", "/v1/quality", {"Authorization": "Bearer " + facts["token"], "Content-Type": "image/jpeg"}, facts["pictures"][0])
    for i, line in enumerate(lines):
        line.sendall((b"", image[:len(image) // 2], image)[i % 3])
    began = time.monotonic()
    world.server.stop()
    took = time.monotonic() - began
    print(f"ended after {took:.1f} s")
    for line in lines:
        line.close()
    for words in (("store", "check"), ("audit", "verify")):
        done = world.server.command(*words)
        if done.returncode != 0:
            yield f"mien {' '.join(words)}: {done.stdout} {done.stderr}"


def soak(store):
    """All faults."""
    world.start(server__trusted_proxies="127.0.0.1", face__originals="true", login__wait_max_s=1)
    try:
        prepare()
        world.line.close()
        faults, rows, seen = run_rounds(Process(world.server.process.pid))
        print(f"{sum(seen.values())} requests; statuses " + ", ".join(
            f"{status}: {sum(n for (_, s), n in seen.items() if s == status)}" for status in sorted({s for _, s in seen})))
        return faults or [*judge_growth(rows, store), *judge_seen(seen), *end()]
    finally:
        world.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    store = parser.parse_args().store
    with running.store(store) as url:
        if url:
            os.environ["MIEN_API_STORE_URL"] = url()
        try:
            faults = soak(store)
        except unittest.SkipTest:
            sys.exit(77)
        except answers.Fault as fault:
            faults = [str(fault)]
    for fault in faults:
        print(fault)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
