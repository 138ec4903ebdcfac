"""Runs the examples of a page of the guide, as they stand there, in their order."""
import os
import re
import shlex
import subprocess

from running import ROOT

MADE = re.compile(r" # ([A-Z]+): (\w+)$")


def commands(page, start=""):
    """The page's commands, each on one line."""
    text = (ROOT / "docs/guide" / page).read_text(encoding="utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```", text[text.index(start):], re.S | re.M):
        lines = re.split(r"\n(?=curl |mien |python3 )", block.rstrip("\n").replace("\\\n", " "))
        yield from (line for line in lines if line)


def value(output, field):
    """The first value of that field, or of the header of that name."""
    found = re.search(rf'"{field}":"([^"]+)"', output) or re.search(rf"^{field}: (.*?)\r?$", output, re.M)
    assert found, f"no {field} in {output[:500]}"
    return found[1]


def run(test, folder, lines, variables, made_by=lambda command: {}):
    """Every command must succeed. `# NAME: field` behind one, or made_by, says what later ones use of its answer."""
    environment = os.environ | variables
    ran = 0
    for command in lines:
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
        test.assertEqual(done.returncode, 0, command + done.stdout + done.stderr)
        made = MADE.search(command)
        for name, field in ({made[1]: made[2]} if made else made_by(command)).items():
            environment[name] = value(done.stdout, field)
        ran += 1
    return ran


def paths(lines):
    """Of every request with curl."""
    for line in lines:
        words = shlex.split(line, comments=True)
        if words[:1] == ["curl"]:
            yield next(w for w in words if w.startswith("$URL/")).removeprefix("$URL").split("?")[0]
