#!/usr/bin/env python3
"""Is there what the documents name? documents.py CHECK_LINES

Every command line of mien in the documents, in packaging/, in the program's help (the manual page has all of it) and in what it says is
judged by the program's parser (check_lines, which runs nothing): command, options, settings, number of operands. Every path of the API,
with its method and parameters where they stand beside it, by api/openapi.yaml. Every setting by the table of settings.
"""
import json
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/api"))
import model  # noqa: E402  pylint: disable=wrong-import-position

METHODS = [m.upper() for m in model.METHODS]
# Behind one of these the words of a command of its own follow.
WRAPPERS = {"sudo", "runuser", "systemd-run", "podman", "docker", "exec", "time", "env", "valgrind", "if", "while", "do", "then", "!"}
ENDS = {"|", "||", "&&", ";", "&"}
PLACEHOLDER = re.compile(r"[$<{\[]|^[A-Z][A-Z_]*\b|^[0-9a-f]{8}-")
NAME = re.compile(r"^[a-z]+\.(?!(?:jpg|pem|conf|jsonl?|npy)$)[a-z_]+$")


class Faults:
    """What is wrong, and how much was looked at."""

    def __init__(self):
        self.found, self.seen = [], {}

    def saw(self, kind):
        """One more of them."""
        self.seen[kind] = self.seen.get(kind, 0) + 1

    def add(self, place, what):
        """Where, and what."""
        self.found.append(f"{place}: {what}")


# ---- what stands where

def files():
    """What people read, or copy from."""
    listed = subprocess.run(["git", "ls-files", "*.md", "packaging", "docs/man"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [p for p in listed.stdout.split() if not p.startswith("packaging/completion/") and not p.endswith(".json")]


def pieces(path, text):
    """(line, text, whole) of everything that may be a command line or a path. whole: it is one to be run as it stands."""
    if not path.endswith(".md"):
        for number, line in joined(text, 1):
            yield number, re.sub(r"^\s*(#+|Exec\w+=-?)\s?", "", line), True
        return
    rest = text
    for block in re.finditer(r"^( *)```(\w*)\n(.*?)^ *```", text, re.S | re.M):
        first = text[:block.start(3)].count("\n") + 1
        rest = rest.replace(block[0], "\n" * block[0].count("\n"), 1)
        for number, line in joined(block[3], first):
            yield number, line.strip().removeprefix("$ "), True
    for span in re.finditer(r"`([^`]+)`", rest):
        yield rest[:span.start()].count("\n") + 1, " ".join(span[1].split()), False
    for number, line in enumerate(rest.split("\n"), 1):
        yield number, re.sub(r"`[^`]*`", "", line), None


def joined(text, first):
    """Lines, with those that a backslash goes on with."""
    lines, number = text.split("\n"), first
    while lines:
        line, begun = lines.pop(0), number
        number += 1
        while line.endswith("\\") and lines:
            line = line[:-1] + lines.pop(0)
            number += 1
        yield begun, line


# ---- commands

def words_of(text):
    """The words of a shell's line; None: it is none."""
    try:
        return shlex.split(text.replace("…", " ... "), comments=True)
    except ValueError:
        return None


def simple(words):
    """The commands that a line is made of, without redirections."""
    out, skip = [[]], False
    for word in words:
        if skip:
            skip = False
        elif word in ENDS:
            out.append([])
        elif re.fullmatch(r"\d?[<>]{1,2}", word):
            skip = True
        elif not re.match(r"\d?[<>]", word):
            out[-1].append(word.rstrip(";") if word.endswith(";") else word)
            if word.endswith(";"):
                out.append([])
    return [c for c in out if c]


def own(command):
    """The words from `mien` on; None: another program's."""
    while command and re.fullmatch(r"[A-Z_]+=.*", command[0], re.S):
        command = command[1:]
    names = [i for i, word in enumerate(command) if word == "mien" or word.endswith("/mien")]
    if command and names and names[0] == 0:
        return command
    if command and command[0] in WRAPPERS:
        for i in names:
            if command[i - 1] in ("--", *WRAPPERS) or (not command[i - 1].startswith("-") and command[i - 2] in ("-u", "-U", "-g")):
                return command[i:]
    return None


def command_lines(text):
    """All of them in a piece, also those inside $(…)."""
    for inner in re.findall(r"\$\(([^()]*)\)", text):
        yield from command_lines(inner)
    for command in simple(words_of(re.sub(r"\$\([^()]*\)", "X", text)) or []):
        found = own(command)
        if found:
            yield found


def strings(text):
    """(line, string) of a C file, put together where it stands in pieces."""
    for string in re.finditer(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+', text):
        yield text[:string.start()].count("\n") + 1, "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', string[0]))


def said_lines(text, names):
    """(line, command line) that the strings of a C file name, by the names of all commands."""
    groups = {name.split()[0] for name in names}
    for line, said in strings(text):
        for found in re.finditer(r"(?<![\w/.-])mien ((?:--?[a-z-]+ )*)([a-z]+)( [a-z-]+)?((?: --[a-z-]+)*)", said):
            before, first, second, options = found.groups()
            if first in groups:
                two = first + (second or "")
                name = two if two in names or first not in names else first
                words = ["mien", *before.split(), *name.split(), *(options.split() if name == two else [])]
                yield line, words


class Program:
    """The program's own parser."""

    def __init__(self, check_lines):
        self._path, self._asked = check_lines, []
        self.names = set(re.findall(r'^    \{"([a-z ]+)", ', (ROOT / "src/cli/commands.c").read_text(encoding="utf-8"), re.M))

    def ask(self, place, words, whole):
        """Remembers a command line."""
        open_ended = any(w == "..." for w in words)
        words = ["mien", *(w.strip("[]") for w in words[1:] if w != "...")]
        if len(words) > 1 and not PLACEHOLDER.search(words[1]):
            self._asked.append((place, words, whole and not open_ended))

    def _answers(self, lines):
        done = subprocess.run([self._path], input="".join(json.dumps(w) + "\n" for w in lines), stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.splitlines()

    def judge(self, faults):
        """All that was remembered. What only names a command may leave operands and values out."""
        asked = [(place, words, whole) for place, words, whole in self._asked]
        for (place, words, whole), said in zip(asked, self._answers([w for _, w, _ in asked])):
            faults.saw("command lines")
            if not whole and "needs a value" in said:
                said = self._answers([[*words, "X"]])[0]
                said = "fits" if re.search("takes one of|is not (one of|a number)", said) else said
            if said == "fits" or not whole and said.startswith(("too few arguments", f"'{words[1]}' needs a second word")):
                continue
            faults.add(place, f"{shlex.join(words)}: {said}")


# ---- paths

class Api:
    """api/openapi.yaml."""

    def __init__(self):
        self._operations = model.operations(model.load(ROOT / "api/openapi.yaml"))

    @staticmethod
    def _fits(op, path):
        """Segment by segment: an id stands for {id}, and a name only for one that is no id."""
        ours, theirs = op.path.split("/"), path.split("/")
        ids = {p["name"]: "format" in str(p["schema"]) or p["name"] not in ("role", "file") for p in op.parameters}
        return len(ours) == len(theirs) and all(
            a == b or a.startswith("{") and (PLACEHOLDER.search(b) or not ids.get(a.strip("{}"), True)) for a, b in zip(ours, theirs))

    def look(self, faults, place, method, target):
        """A path with its query, and its method where that is known."""
        faults.saw("paths")
        path, _, query = target.partition("?")
        at = [op for op in self._operations if self._fits(op, path)]
        named = [op for op in at if method in (None, op.method.upper())]
        if not at:
            faults.add(place, f"there is no path {path}")
        elif not named:
            faults.add(place, f"{path} takes {', '.join(op.method.upper() for op in at)}, and no {method}")
        else:
            known = {p["name"] for p in named[0].parameters}
            for name in [pair.split("=")[0] for pair in query.split("&") if pair]:
                if name not in known:
                    faults.add(place, f"{named[0].method.upper()} {path} has no parameter {name}")

    @staticmethod
    def curl(words):
        """(method, path) of each address of a curl; none of another program."""
        if words[0] != "curl":
            return
        method = next((b for a, b in zip(words, words[1:]) if a in ("-X", "--request")), None)
        if not method:
            method = "GET"
            for word in words:
                if word in ("-d", "--data", "--data-binary", "-F", "--form", "--json"):
                    method = "POST"
                if word in ("-T", "--upload-file"):
                    method = "PUT"
        for word in words:
            found = re.fullmatch(r"(?:\$\w+|https?://[^/]+)(/(?:v1/|healthz|readyz|metrics).*)", word)
            if found:
                yield method, found[1]

    def piece(self, faults, place, text):
        """Everything of a piece."""
        commands = [c for c in simple(words_of(text) or []) if c[0] == "curl"]
        for words in commands:
            for method, target in self.curl(words):
                self.look(faults, place, method, target)
        if commands:
            return
        for found in re.finditer(rf"(?:\b({'|'.join(METHODS)}) )?(?<![\w.$])(/(?:v1/[^\s`'\"),;:]*|healthz|readyz|metrics))", text):
            self.look(faults, place, found[1], found[2].rstrip("."))


# ---- names

class Names:
    """Settings, and what else is written like one."""

    def __init__(self):
        table = (ROOT / "src/base/settings.def").read_text(encoding="utf-8")
        self._settings = set(re.findall(r'^S\(\w+, "([\w.]+)"', table, re.M))
        self._groups = {name.split(".")[0] for name in self._settings}
        code = subprocess.run(["git", "ls-files", "src", "tests", "tools", "bench", "packaging", "Makefile", "api", "models"], cwd=ROOT,
                              stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        text = "".join((ROOT / f).read_text(encoding="utf-8", errors="replace") for f in code
                       if pathlib.Path(f).suffix not in (".json", ".svg") and not f.startswith("tests/docs/"))
        self._variables = set(re.findall(r"\bMIEN_[A-Z0-9_]+\b", text)) | {"MIEN_" + n.upper().replace(".", "_") for n in self._settings}
        # Actions of the audit log, rights, files.
        self._others = set(re.findall(r"\"([a-z]+\.[a-z_.]+)\"", text)) | {pathlib.Path(f).name for f in code}

    def look(self, faults, place, name):
        """A word in code's letters."""
        if re.fullmatch(r"MIEN_[A-Z0-9_]+", name):
            faults.saw("variables")
            if name not in self._variables:
                faults.add(place, f"nothing reads the variable {name}")
        elif NAME.match(name) and name.split(".")[0] in self._groups:
            faults.saw("settings")
            if name not in self._settings | self._others:
                faults.add(place, f"there is no setting {name}")


class Judge:
    """All of it together."""

    def __init__(self, check_lines):
        self._check_lines, self.api, self.names = check_lines, Api(), Names()
        self.begin()

    def begin(self):
        """Anew."""
        self.faults, self.program = Faults(), Program(self._check_lines)

    def document(self, path, text):
        """What people read."""
        for line, piece, whole in pieces(path, text):
            place = f"{path}:{line}"
            for words in command_lines(piece) if whole is not None else ():
                self.program.ask(place, words, whole)
            self.api.piece(self.faults, place, piece)
            if whole is False:
                self.names.look(self.faults, place, piece)

    def code(self, path, text):
        """What the program says."""
        for line, words in said_lines(text, self.program.names):
            self.program.ask(f"{path}:{line}", words, False)
        for line, said in strings(text):
            for name in re.findall(r"(?<![\w./%-])[a-z]+\.[a-z_]+(?![\w(/])", said):
                self.names.look(self.faults, f"{path}:{line}", name)

    def found(self):
        """What is wrong."""
        self.program.judge(self.faults)
        return self.faults.found


def main():
    judge = Judge(sys.argv[1])
    for path in files():
        judge.document(path, (ROOT / path).read_text(encoding="utf-8"))
    for path in sorted((ROOT / "src").rglob("*.[cd]*")):
        judge.code(path.relative_to(ROOT), path.read_text(encoding="utf-8"))
    found = judge.found()
    print("\n".join(found))
    print(", ".join(f"{n} {kind}" for kind, n in sorted(judge.faults.seen.items())) + f": {len(found)} faults")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
