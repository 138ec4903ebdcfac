#!/usr/bin/env python3
"""Makes C from api/openapi.yaml: make_c.py openapi.yaml settings.def OUT_FOLDER

api.h          one number and one handler an operation, one number a parameter
api_schemas.h  the schemas by their names
api_schemas.c  schemas as tables of src/net/schema.h
api_routes.c   operations as tables of src/net/route.h, and the tree that finds them
"""
import json
import pathlib
import re
import sys

import model
from model import Fault, follow, types_of

HEAD = "/* Made from api/openapi.yaml by tools/api/make_c.py: change it there. */\n"
MOST_VALUES = 1 << 21


def text(value):
    """A C string."""
    return json.dumps(value, ensure_ascii=True) if value is not None else "NULL"


def number(value, without):
    """A C double."""
    return without if value is None else repr(float(value))


class Schemas:
    """Compiles schemas, each once, in the order in which C needs them."""

    def __init__(self, document, settings, ranges):
        self.document, self.settings, self.ranges = document, settings, ranges
        self.lines, self.done, self.sizes, self.busy = [], {}, {}, []

    def of(self, schema, hint, component=None):
        """The C name of a schema's table. hint: what it is, for the name."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            if set(schema) - {"$ref", "description", "default"}:
                raise Fault(f"{hint}: beside $ref only a description and a default are read")
            if name in self.busy:
                raise Fault(f"{name} contains itself: depth would have no limit")
            return self.of(model.look_up(self.document, schema["$ref"]), name, name)
        key = "schema_" + re.sub(r"\W", "_", hint)
        if self.done.get(key, schema) is not schema:
            raise Fault(f"{hint}: two schemas of this name")
        if key not in self.done:
            self.done[key] = schema
            self.busy.append(component)
            self.compile(schema, hint, key, component)
            self.busy.pop()
        return key

    def compile(self, schema, hint, key, component):
        """Writes one table, after those that it points to."""
        unknown = set(schema) - model.CHECKED - model.SILENT
        if unknown:
            raise Fault(f"{hint}: {', '.join(sorted(unknown))}: src/net/schema.c cannot check this")
        nullable = False
        if "oneOf" in schema and {"type": "null"} in schema["oneOf"]:
            (schema,) = [follow(self.document, s) for s in schema["oneOf"] if s != {"type": "null"}]
            nullable = True
        put = {"name": text(component)} if component else {}
        depth, values = 0, 1
        if "oneOf" in schema:
            depth, values = self.cases(schema, hint, key, put)
            kinds = {"object"}
        else:
            kinds = types_of(schema)
            self.scalar(schema, hint, key, put)
            self.lowered(schema, hint, put)
            if "array" in kinds:
                depth, values = self.array(schema, hint, put)
            if "object" in kinds:
                depth, values = self.object(schema, hint, key, put)
        if nullable:
            kinds = kinds | {"null"}
        words = {"boolean": "BOOL", "integer": "INT"}
        put["types"] = " | ".join("MN_TYPE_" + words.get(k, k.upper()) for k in model.TYPES if k in kinds) or "0"
        self.sizes[key] = depth, min(values, MOST_VALUES)
        ordinary = {"least": "-INFINITY", "most": "INFINITY", "max_length": "SIZE_MAX", "max_items": "SIZE_MAX",
                    "max_fields": "SIZE_MAX"}
        body = "".join(f"    .{k} = {v},\n" for k, v in (ordinary | put).items())
        self.lines.append(f"const mn_schema {key} = {{\n{body}}};\n")

    def scalar(self, schema, hint, key, put):
        """Numbers and texts."""
        if "minimum" in schema:
            put["least"] = number(schema["minimum"], None)
        if "maximum" in schema:
            put["most"] = number(schema["maximum"], None)
        if "format" in schema:
            put["format"] = "MN_FORM_" + re.sub(r"\W", "_", schema["format"]).upper()
        if "minLength" in schema:
            put["min_length"] = schema["minLength"]
        if "maxLength" in schema:
            put["max_length"] = schema["maxLength"]
        choices = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if choices is not None:
            if not all(isinstance(c, str) for c in choices) or types_of(schema) != {"string"}:
                raise Fault(f"{hint}: choices must be texts")
            listed = ", ".join(text(c) for c in sorted(choices, key=lambda c: c.encode()))
            self.lines.append(f"static const char *const {key}__choices[] = {{{listed}}};\n")
            put |= {"choices": f"{key}__choices", "n_choices": len(choices)}

    def lowered(self, schema, hint, put):
        """The setting that may allow less: its range is exactly what the schema allows."""
        name = schema.get("x-mien-max")
        if name is None:
            return
        if not types_of(schema) & {"array", "integer"}:
            raise Fault(f"{hint}: x-mien-max is for arrays and whole numbers")
        least, most = (schema.get(w) for w in (("minItems", "maxItems") if "array" in types_of(schema) else ("minimum", "maximum")))
        if self.ranges.get(name) != (least, most):
            raise Fault(f"{hint}: it allows {least} to {most}, the setting {name} {self.ranges.get(name, 'is not there, or no INT')}")
        put["setting"] = f"1 + MN_S_{self.settings[name]}"

    def array(self, schema, hint, put):
        """Arrays; answers depth and number of values at most."""
        put |= {k: schema[w] for k, w in (("min_items", "minItems"), ("max_items", "maxItems")) if w in schema}
        if "items" not in schema:
            return 2, MOST_VALUES
        items = self.of(schema["items"], hint + "_item")
        put["items"] = "&" + items
        if schema.get("uniqueItems"):
            if types_of(follow(self.document, schema["items"])) != {"string"}:
                raise Fault(f"{hint}: uniqueItems is checked for texts only")
            put["unique"] = "true"
        depth, values = self.sizes[items]
        return depth + 1, 1 + values * schema.get("maxItems", MOST_VALUES)

    def object(self, schema, hint, key, put):
        """Objects; answers depth and number of values at most."""
        depth, values, fields = 0, 1, []
        required = set(schema.get("required", []))
        properties = schema.get("properties", {})
        if required - set(properties):
            raise Fault(f"{hint}: requires {required - set(properties)}, which it does not have")
        for name, inner in sorted(properties.items(), key=lambda p: p[0].encode()):
            table = self.of(inner, f"{hint}_{name}")
            fallback = inner.get("default", follow(self.document, inner).get("default"))
            fields.append(f"    {{{text(name)}, &{table}, {'true' if name in required else 'false'}, "
                          f"{text(json.dumps(fallback)) if fallback is not None else 'NULL'}}},\n")
            depth = max(depth, self.sizes[table][0])
            values += self.sizes[table][1]
        if fields:
            self.lines.append(f"static const mn_schema_field {key}__fields[] = {{\n{''.join(fields)}}};\n")
            put |= {"fields": f"{key}__fields", "n_fields": len(fields)}
        put |= {k: schema[w] for k, w in (("min_fields", "minProperties"), ("max_fields", "maxProperties")) if w in schema}
        rest = schema.get("additionalProperties", True)
        if rest is not False:
            put["rest"] = "&" + (self.of(rest, hint + "_rest") if isinstance(rest, dict) else "schema_anything")
            more = self.sizes[put["rest"][1:]]
            depth, values = max(depth, more[0]), values + more[1] * schema.get("maxProperties", MOST_VALUES)
        if "propertyNames" in schema:
            put["names"] = "&" + self.of(schema["propertyNames"], hint + "_name")
        return depth + 1, values

    def cases(self, schema, hint, key, put):
        """oneOf with a discriminator."""
        tag = schema.get("discriminator", {}).get("propertyName")
        if not tag:
            raise Fault(f"{hint}: oneOf needs a discriminator")
        listed, depth, values = [], 0, 0
        if sorted(schema["discriminator"]["mapping"].values()) != sorted(s["$ref"] for s in schema["oneOf"]):
            raise Fault(f"{hint}: the discriminator's mapping and oneOf name different schemas")
        for word, reference in sorted(schema["discriminator"]["mapping"].items()):
            table = self.of({"$ref": reference}, hint)
            if follow(self.document, {"$ref": reference})["properties"][tag].get("const") != word:
                raise Fault(f"{hint}: {reference} must have {tag} as const: {word}")
            listed.append(f"{{{text(word)}, &{table}}}")
            depth, values = max(depth, self.sizes[table][0]), max(values, self.sizes[table][1])
        self.lines.append(f"static const mn_schema_case {key}__cases[] = {{{', '.join(listed)}}};\n")
        put |= {"tag": text(tag), "cases": f"{key}__cases", "n_cases": len(listed)}
        return depth, values


def right(word, what):
    """Resource and verb of a right, as enumerators of core/rights.h."""
    if not re.fullmatch(r"[a-z]+\.[a-z]+", word or ""):
        raise Fault(f"{what}: '{word}' is no right")
    resource, verb = word.split(".")
    return f"MN_R_{resource.upper()}", f"MN_VERB_{verb.upper()}"


class Routes:
    """The operations, and the tree that finds them."""

    def __init__(self, document, settings, schemas):
        self.document, self.settings, self.schemas = document, settings, schemas
        self.operations = model.operations(document)
        self.lines, self.media = [], {}

    def media_table(self, content, hint, name):
        """A table of media types; equal ones are written once."""
        rows = tuple(f"{{{text(t)}, {'&' + self.schemas.of(m, f'{hint}_{i}') if m else 'NULL'}}}"
                     for i, (t, m) in enumerate(content.items()))
        if list(content) == ["application/problem+json"]:
            name = "problem"
        if rows not in self.media:
            self.media[rows] = name
            self.lines.append(f"static const mn_media {name}[] = {{{', '.join(rows)}}};\n")
        return f"{self.media[rows]}, {len(rows)}"

    def parameter(self, op, p):
        """One row of a route's parameters."""
        schema, many = follow(self.document, p["schema"]), False
        hint = f"{op.name}_{p['name']}"
        where = {"path": "PATH", "query": "QUERY", "header": "HEADER"}[p["in"]]
        fallback = schema.get("default")
        row = [f".name = {text(p['name'])}", f".in = MN_IN_{where}"]
        if p.get("required"):
            row.append(".required = true")
        source = p["schema"]
        if types_of(schema) == {"array"}:
            many, source = True, schema["items"]
            row += [".many = true", f".max_many = {schema['maxItems']}"]
            row += [".commas = true"] if p.get("explode") is False else []
            row += [".unique = true"] if schema.get("uniqueItems") else []
        row.append(f".schema = &{self.schemas.of(source, 'param_' + hint)}")
        if fallback is not None:
            words = [str(v).lower() if isinstance(v, bool) else str(v) for v in (fallback if many else [fallback])]
            row.append(f".fallback = {text(','.join(words))}")
        return "    {" + ", ".join(row) + "},\n"

    def limits(self, op):
        """Size, depth and number of values of the body."""
        if not op.bodies and op.body_limit is None:
            return [".body_setting = -1"]
        if isinstance(op.body_limit, str):
            if op.body_limit not in self.settings:
                raise Fault(f"{op.name}: there is no setting {op.body_limit}")
            out = [f".body_setting = MN_S_{self.settings[op.body_limit]}"]
        elif isinstance(op.body_limit, int):
            out = [".body_setting = -1", f".body_limit = {op.body_limit}"]
        else:
            raise Fault(f"{op.name}: x-mien-body-limit is missing")
        sizes = [self.schemas.sizes[self.schemas.of(s, f"body_{op.name}_{i}")]
                 for i, (t, s) in enumerate(op.bodies.items()) if t in ("application/json", "multipart/form-data")]
        if sizes:  # some room, so that a document with a wrong value somewhere is told where
            out.append(f".json_depth = {max(d for d, _ in sizes) + 4}")
            out.append(f".json_values = {max(v for _, v in sizes) + 256}")
        return out

    def route(self, op):
        """The tables of one operation."""
        row = [f".name = {text(op.name)}", f".operation = MN_OP_{op.name.upper()}", f".method = MN_{op.method.upper()}",
               f".path = {text(op.path)}"]
        if op.right in ("none", "session"):
            row.append(".access = MN_ACCESS_" + {"none": "ANYBODY", "session": "SESSION"}[op.right])
        else:
            resource, verb = right(op.right, op.name)
            row.append(f".access = MN_ACCESS_RIGHT, .resource = {resource}, .verb = {verb}")
        csv = right(op.right_csv, op.name) if op.right_csv not in (None, "session") else ("-1", "-1")
        row.append(f".csv = {'true' if op.right_csv else 'false'}, .csv_resource = {csv[0]}, .csv_verb = {csv[1]}")
        if op.run not in ("inline", "records", "pixels", "passwords", "transfers"):
            raise Fault(f"{op.name}: x-mien-run is '{op.run}'")
        row.append(f".run = MN_RUN_{op.run.upper()}")
        if op.audit:
            row.append(f".audit = {text(op.audit)}")
        if op.parameters:
            rows = "".join(self.parameter(op, p) for p in op.parameters)
            self.lines.append(f"static const mn_param params_{op.name}[] = {{\n{rows}}};\n")
            row.append(f".params = params_{op.name}, .n_params = {len(op.parameters)}")
        if op.bodies:
            table, n = self.media_table(op.bodies, f"body_{op.name}", f"bodies_{op.name}").split(", ")
            row.append(f".bodies = {table}, .n_bodies = {n}, .body_required = {'true' if op.body_required else 'false'}")
            row.append(f".in_pieces = {'true' if 'application/jsonl' in op.bodies else 'false'}")
        row += self.limits(op)
        answers = []
        for status, answer in sorted(op.answers.items(), key=lambda a: (a[0] != "default", a[0])):
            content = {t: m.get("schema") for t, m in answer.get("content", {}).items()}
            media = self.media_table(content, f"answer_{op.name}_{status}", f"answer_{op.name}_{status}") if content else "NULL, 0"
            answers.append(f"{{{0 if status == 'default' else status}, {media}}}")
        self.lines.append(f"static const mn_route_answer answers_{op.name}[] = {{{', '.join(answers)}}};\n")
        row.append(f".answers = answers_{op.name}, .n_answers = {len(answers)}")
        body = "".join(f"    {r},\n" for r in row)
        self.lines.append(f"static const mn_route route_{op.name} = {{\n{body}}};\n")

    def node(self, tree, name):
        """The initialiser of one node of the tree, after the tables of its children."""
        children, n = "NULL", len(tree["children"])
        if n:
            order = sorted(tree["children"], key=lambda s: (s == "{}", len(s.encode()), s.encode()))
            rows = [self.node(tree["children"][s], f"{name}_{i}") for i, s in enumerate(order)]
            listed = "".join(f"    {row},\n" for row in rows)
            self.lines.append(f"static const mn_route_node {name}[] = {{\n{listed}}};\n")
            children = name
        routes = ", ".join(f"[MN_{m.upper()}] = &route_{o}" for m, o in tree["routes"].items())
        segment = "NULL, 0" if tree["text"] in (None, "{}") else f"{text(tree['text'])}, {len(tree['text'].encode())}"
        return f"{{{segment}, {children}, {n}, {{{routes or 'NULL'}}}}}"

    def tree(self):
        """All paths by their segments."""
        root = {"text": None, "children": {}, "routes": {}}
        for op in self.operations:
            at = root
            for segment in op.path[1:].split("/"):
                segment = "{}" if segment.startswith("{") else segment
                at = at["children"].setdefault(segment, {"text": segment, "children": {}, "routes": {}})
            at["routes"][op.method] = op.name
        row = self.node(root, "node")
        self.lines.append(f"const mn_route_node mn_api_root = {row};\n")

    def make(self):
        """Everything that goes into api_routes.c."""
        for op in self.operations:
            self.route(op)
        self.tree()
        listed = "".join(f"    [MN_OP_{o.name.upper()}] = &route_{o.name},\n" for o in self.operations)
        self.lines.append(f"const mn_route *const mn_api_routes[MN_OPS] = {{\n{listed}}};\n")


def header(ops):
    """api.h."""
    rows = "".join(f"    X({o.name.upper()}, {o.name}) \\\n" for o in ops)
    numbers = "".join(f"    MN_OP_{o.name.upper()},\n" for o in ops)
    params = ""
    for o in ops:
        if o.parameters:
            names = ", ".join(f"MN_P_{o.name.upper()}_{re.sub(chr(92) + 'W', '_', p['name']).upper()}" for p in o.parameters)
            params += f"enum {{ {names} }};\n"
    return f"""{HEAD}
/* The operations of the HTTP API: a number for each, its route, the numbers of its parameters (the order of
 * mn_params_read's values), and the handler that src/app has for it. Constant; safe from every thread. */
#ifndef MN_APP_API_H
#define MN_APP_API_H

#include "net/route.h"

typedef enum {{
{numbers}    MN_OPS
}} mn_op;

extern const mn_route *const mn_api_routes[MN_OPS];
extern const mn_route_node mn_api_root;

/* What a handler gets is src/app's. */
typedef struct mn_api_call mn_api_call;

/* id, name: for tables of something an operation */
#define MN_API_OPERATIONS(X) \\
{rows}
#define MN_API_HANDLER(id, name) mn_code mn_api_##name(mn_api_call *call, mn_error *err);
MN_API_OPERATIONS(MN_API_HANDLER)
#undef MN_API_HANDLER

{params}
#endif
"""


def main():
    source, settings_def, out = sys.argv[1:]
    document = model.load(source)
    settings = {name: key for key, name in re.findall(r'^S\((\w+), "([\w.]+)"', pathlib.Path(settings_def).read_text(), re.M)}
    ranges = {name: (int(low), int(high)) for name, low, high in
              re.findall(r'^S\(\w+, "([\w.]+)", INT, "[^"]*", "(\d+)\.\.(\d+)"', pathlib.Path(settings_def).read_text(), re.M)}
    schemas = Schemas(document, settings, ranges)
    schemas.sizes["schema_anything"] = 64, MOST_VALUES
    for name in document["components"]["schemas"]:
        schemas.of({"$ref": f"#/components/schemas/{name}"}, name)
    routes = Routes(document, settings, schemas)
    routes.make()
    folder = pathlib.Path(out)
    names = sorted(schemas.done)
    declared = "".join(f"extern const mn_schema {n};\n" for n in names)
    components = sorted(document["components"]["schemas"])
    listed = "".join(f"    {{{text(n)}, &schema_{n}}},\n" for n in components)
    (folder / "api.h").write_text(header(routes.operations))
    (folder / "api_schemas.h").write_text(f"""{HEAD}
/* The schemas of the HTTP API. Constant; safe from every thread. */
#ifndef MN_APP_API_SCHEMAS_H
#define MN_APP_API_SCHEMAS_H

#include "net/schema.h"

{declared}
/* The named ones, by their names. */
extern const mn_schema_case mn_api_schemas[];
extern const size_t mn_api_schemas_n;

#endif
""")
    (folder / "api_schemas.c").write_text(
        f'{HEAD}\n#include "app/api_schemas.h"\n\n#include <math.h>\n\n'
        "static const mn_schema schema_anything = {.types = 0};\n\n" + "\n".join(schemas.lines) +
        f"\nconst mn_schema_case mn_api_schemas[] = {{\n{listed}}};\nconst size_t mn_api_schemas_n = {len(components)};\n")
    (folder / "api_routes.c").write_text(
        f'{HEAD}\n#include "app/api.h"\n#include "app/api_schemas.h"\n#include "base/settings.h"\n#include "core/rights.h"\n\n' +
        "\n".join(routes.lines))


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        model.fail(fault)
