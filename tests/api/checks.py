"""The schemas of the API for python3-jsonschema, with the formats that src/net/format.h has."""
import base64
import datetime
import pathlib
import re
import sys
import warnings

try:
    import jsonschema
except ImportError:
    print("SKIPPED: python3-jsonschema is not here (tools/setup gets it)")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/api"))
import model  # noqa: E402  pylint: disable=wrong-import-position

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
PATTERNS = {
    "base64url": r"[A-Za-z0-9_-]+", "color": r"#[0-9A-Fa-f]{6}", "file-name": r"[A-Za-z0-9_-][A-Za-z0-9._-]*",
    "http-url": r"https?://[!-.0-~][!-~]*", "identifier": r"[a-z][a-z0-9_-]*", "login": r"[A-Za-z0-9][A-Za-z0-9._@+-]*",
    "model": r"[A-Za-z0-9][A-Za-z0-9._-]*", "setting-name": r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+",
    "token": r"[A-Za-z0-9!#$%&'*+.^_`|~-]+",
    "uuid": r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
}
OTHERS = {"base64", "binary", "date-time", "line", "text", "uri-reference"}


def is_time(text):
    """RFC 3339 with its zone, 1970 to 9999."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    if not found or text < "1970":
        return False
    try:
        datetime.datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S")
        return found[3] == "Z" or (int(found[3][1:3]) < 24 and int(found[3][4:]) < 60)
    except ValueError:
        return False


def is_base64(text):
    """With padding."""
    try:
        return len(text) > 0 and bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def checker():
    """jsonschema's checks of formats, with ours and nothing else."""
    formats = jsonschema.FormatChecker(formats=())
    for name, pattern in PATTERNS.items():
        formats.checks(name)(lambda v, p=re.compile(pattern): not isinstance(v, str) or bool(p.fullmatch(v)))
    formats.checks("date-time")(lambda v: not isinstance(v, str) or is_time(v))
    formats.checks("base64")(lambda v: not isinstance(v, str) or is_base64(v))
    formats.checks("line")(lambda v: not isinstance(v, str) or (not CONTROL.search(v) and v == v.strip(" ")))
    formats.checks("text")(lambda v: not isinstance(v, str) or not CONTROL.search(re.sub("[\t\n\r]", "", v)))
    return formats


class Checks:
    """Checks values against schemas of one document."""

    def __init__(self, path=ROOT / "api/openapi.yaml"):
        warnings.simplefilter("ignore", DeprecationWarning)
        self.document = model.load(path)
        self.operations = model.operations(self.document)
        self.resolver = jsonschema.RefResolver("", self.document)
        self.formats = checker()

    def of(self, schema):
        """A validator."""
        return jsonschema.Draft202012Validator(schema, resolver=self.resolver, format_checker=self.formats)
