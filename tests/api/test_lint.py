#!/usr/bin/env python3
"""Does lint.py see what it is there for? Each case changes one place of api/openapi.yaml, and names the words expected."""
import pathlib
import sys
import tempfile

from checks import ROOT
from lint import Lint

CASES = [
    ("Comment: {type: string, maxLength: 2048,", "Comment: {type: string,", "a text without maxLength"),
    ("max: {type: number, minimum: -1000000000, maximum: 1000000000}", "max: {type: number, minimum: -1000000000}",
     "a number without minimum and maximum"),
    ("CheckRanges: {type: array, maxItems: 44,", "CheckRanges: {type: array,", "an array without maxItems"),
    ("                  x-mien-max: batch.max\n", "", "how many is up to the client"),
    ("maximum: 1000, x-mien-max: page.max,", "maximum: 1000,", "how many is up to the client"),
    ("        external_ids: {", "        external_names: {", "nothing is called MatchFilter.external_ids any more"),
    ("    Login:\n      type: object\n      additionalProperties: false\n", "    Login:\n      type: object\n",
     "an object that takes any field"),
    ("      maxProperties: 64\n", "", "an object of free fields without maxProperties"),
    ("    Session:\n      type: object\n      additionalProperties: false\n", "    Session:\n      type: object\n",
     "an object that may have any field"),
    ("    '415': {$ref: '#/components/responses/Unsupported'}\n", "", "does not document 415"),
    ("      description: Ends every other session of this user.\n", "", "has no description"),
    ("            example: {login: anna, password: correct horse battery staple}\n", "", "its JSON body has no example"),
    ("example: {login: jan,", "example: {login: j an,", "its example does not fit"),
    ("      x-mien-audit: person.change\n", "", "changes something and has no x-mien-audit"),
    ("      x-mien-audit: person.change\n", "      x-mien-audit: person.changes\n", "nothing in src/core puts person.changes on record"),
    ("x-mien-audit-refused: session.refused\n", "x-mien-audit-refused: session.lost\n", "nothing in src/core puts session.lost on record"),
    ("x-mien-audit-also: {user.create: ", "x-mien-audit-also: {user.creates: ", "nothing in src/core puts user.creates on record"),
    ("      x-mien-audit: face.delete\n      parameters:\n        - {$ref: '#/components/parameters/IfMatch'}\n", "      x-mien-audit: face.delete\n",
     "and takes no If-Match"),
    ("      x-mien-right-csv: people.export\n", "", "answers CSV and has no x-mien-right-csv"),
    ("maxLength: 7, format: color, examples", "maxLength: 7, format: colour, examples", "format colour is not one of"),
    ("        '206': {$ref: '#/components/responses/PicturePart'}\n", "", "and not parts of it (206)"),
    ("        - name: profile\n", "        - name: shape\n", "nothing in src/app reads shape"),
    ("      x-mien-right: session\n      x-mien-run: records\n", "      x-mien-right: session\n      x-mien-run: inline\n", "runs inline"),
]


def main():
    whole = (ROOT / "api/openapi.yaml").read_text(encoding="utf-8")
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "openapi.yaml"
        for old, new, words in CASES:
            if old not in whole:
                print(f"case is out of date: {old!r} is not in api/openapi.yaml")
                bad += 1
                continue
            path.write_text(whole.replace(old, new, 1), encoding="utf-8")
            faults = Lint(path).run()
            if not any(words in f for f in faults):
                print(f"{words!r} was not said for {old!r}: {faults}")
                bad += 1
    print(f"{len(CASES)} cases, {bad} failed")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
