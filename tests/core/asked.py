#!/usr/bin/env python3
"""Does every operation of core ask whether its actor may do it? asked.py SOURCE_ROOT

Looks through the bodies of what core's public headers declare, and of what these call, for a question of core/access.c. What asks
nothing stands below with its reason; an entry that is no longer needed fails too.
"""
import pathlib
import re
import sys

# What core shares among its own files only.
INTERNAL = {"internal.h", "many.h", "records_internal.h", "backup_internal.h", "import_parts.h", "signin.h", "signin_state.h", "enrolment.h"}
ASKS = re.compile(r"\b(mn_core_may\w*|mn_rights_has)\(")

OWNER = "of the process itself: opening, closing, housekeeping"
NUMBERS = "counts and states without a person, for the command line and for metrics, which asks (mn_core_status_may)"
KEYS = "for who has the data directory and its key: the command line"
ONESELF = "one's own sessions and tokens, or signing in"
CALLER = "of what the caller was let to before"
ALLOWED = {
    **dict.fromkeys(("mn_core_alive", "mn_core_close", "mn_core_pack_of", "mn_core_model_of", "mn_core_import_close", "mn_core_export_close", "mn_core_first_user",
                     "mn_core_once_expire", "mn_core_sessions_expire", "mn_core_settings_read", "mn_core_settings_use", "mn_core_settings_of",
                     "mn_core_expired_at_opening", "mn_core_gallery_save"), OWNER),
    **dict.fromkeys(("mn_core_counts", "mn_core_gallery_look", "mn_core_unreadable_count", "mn_core_status_read"), NUMBERS),
    **dict.fromkeys(("mn_core_audit_verify", "mn_core_backups_behind", "mn_core_check", "mn_core_look_at_keys", "mn_core_migrate"), KEYS),
    **dict.fromkeys(("mn_core_login", "mn_core_logout", "mn_core_password_change", "mn_core_password_check", "mn_core_session",
                     "mn_core_session_end", "mn_core_sessions", "mn_core_sessions_end", "mn_core_token",
                     "mn_core_csrf", "mn_core_csrf_fits", "mn_core_identity_again"), ONESELF),
    **dict.fromkeys(("mn_core_once_begin", "mn_core_once_done", "mn_core_once_failed", "mn_core_once_forget", "mn_core_once_stands",
                     "mn_core_once_told", "mn_core_has_evidence", "mn_core_token_state", "mn_core_person_state", "mn_core_attribute_there",
                     "mn_core_temporary_stands", "mn_core_face_state", "mn_core_export_next", "mn_core_note_cut"), CALLER),
    "mn_core_fields_get": "anybody signed in: names of fields, nobody's values",
}


def functions(folder):
    """File to name to body."""
    out = {}
    for path in sorted(folder.glob("*.c")):
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.S)
        found = re.findall(r"^(?:[\w*]+[ *]+)+(\w+)\([^;{}]*\)\n\{\n(.*?)^\}", text, re.S | re.M)
        out[path.name] = dict(found)
    return out


def asks(name, file, bodies, seen):
    """Does it, or anything that it calls?"""
    homes = [file] if name in bodies.get(file, {}) else [f for f, of in bodies.items() if name in of and name.startswith("mn_")]
    for home in homes:
        if (home, name) in seen:
            continue
        seen.add((home, name))
        body = bodies[home][name]
        if ASKS.search(body) or any(asks(called, home, bodies, seen) for called in set(re.findall(r"\b[a-z]\w+\b", body)) if called != name):
            return True
    return False


def main():
    core = pathlib.Path(sys.argv[1]) / "src/core"
    bodies, bad, used = functions(core), [], set()
    declared = {}
    for header in sorted(core.glob("*.h")):
        if header.name not in INTERNAL:
            declared |= {n: header.name for n in re.findall(r"\b(mn_core_\w+)\(", re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.S))}
    for name, header in sorted(declared.items()):
        if not any(name in of for of in bodies.values()):
            continue
        if asks(name, None, bodies, set()):
            continue
        used.add(name)
        if name not in ALLOWED:
            bad.append(f"src/core/{header}: {name} asks for no right: ask mn_core_may, or say in tests/core/asked.py why not")
    bad += [f"tests/core/asked.py: {name} asks for a right, or is gone: take it off the list" for name in sorted(set(ALLOWED) - used)]
    print("\n".join(bad) or f"{len(declared)} declared, {len(used)} ask for no right")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
