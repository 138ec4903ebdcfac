#!/usr/bin/env python3
"""Does documents.py see what it is there for? Each case is a piece of a document, and the words expected; none: it is right. sees.py CHECK_LINES"""
import sys

from documents import Judge

CASES = [
    ("a.md", "`mien store copy --verify`", "'store copy' takes no --verify"),
    ("a.md", "so says `mien people\nlst`", "there is no command 'people lst'"),
    ("a.md", "`mien people`, `mien user add --role …`, `mien COMMAND --help`, `mien settings change`", None),
    ("a.md", "`mien detect --drawn x`", "unknown option --drawn"),
    ("a.md", "`mien serve --set server.nothing=1`", "there is no setting server.nothing"),
    ("a.md", "`mien settings change server.head_max=1`", "server.head_max may not change while mien runs"),
    ("a.md", "```sh\nmien compare a.jpg\n```", "too few arguments"),
    ("a.md", "```sh\nmien compare a.jpg b.jpg > c.txt 2>&1 && mien detect \\\n  --fmr nothing d.jpg\n```", "--fmr"),
    ("a.md", "```sh\nmien compare a.jpg b.jpg | head\n```", None),
    ("a.md", "```sh\nrunuser -u mien -- mien user ad olga\n```", "there is no command 'user ad'"),
    ("a.md", "```sh\nX=$(mien people shw Anna)\n```", "there is no command 'people shw'"),
    ("a.md", "```sh\n10 3 * * * root runuser -u mien -- mien backup --keep 3 /backup\n```", None),
    ("packaging/mien.service", "ExecStart=/usr/bin/mien serv --config /etc/mien.conf", "there is no command 'serv'"),
    ("docs/man/mien.1", "mien quality --json 5\\-x.jpg", None),
    ("a.md", "`GET /v1/persons`", "there is no path /v1/persons"),
    ("a.md", "see `/v1/people/anna`", "there is no path /v1/people/anna"),
    ("a.md", "see `/v1/people/{person}`, `/v1/roles/operator` and /healthz.", None),
    ("a.md", "`PUT /v1/people`", "takes GET, POST, and no PUT"),
    ("a.md", "```sh\ncurl -X DELETE \"$URL/v1/people/$ANNA\"\n```", "and no DELETE"),
    ("a.md", "```sh\ncurl -d @x \"$URL/v1/me\"\n```", "and no POST"),
    ("a.md", "```sh\ncurl \"$URL/v1/people?likes=a&limit=3\"\n```", "has no parameter likes"),
    ("a.md", "`server.head_maximum` and `server.head_max`", "there is no setting server.head_maximum"),
    ("a.md", "`MIEN_NO_SUCH` and `MIEN_SERVER_LISTEN`", "nothing reads the variable MIEN_NO_SUCH"),
    ("a.md", "`session.login`, `faces.view`, `store.c`", None),
    ("a.c", 'fail("%s is old: run mien "\n     "store migrated first");', "there is no command 'store migrated'"),
    ("a.c", 'fail("at most %d (server.heads)");', "there is no setting server.heads"),
    ("a.c", 'fail("see mien backup list, or mien backup; mien is stopping (server.head_max)");', None),
]


def main():
    bad, judge = 0, Judge(sys.argv[1])
    for path, text, words in CASES:
        judge.begin()
        (judge.code if path.endswith(".c") else judge.document)(path, text)
        found = judge.found()
        if bool(found) != bool(words) or (words and not any(words in f for f in found)):
            print(f"{text!r}: {words!r} was expected, and {found} was said")
            bad += 1
    print(f"{len(CASES)} cases, {bad} failed")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
