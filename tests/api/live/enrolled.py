"""People with consent, lists and faces, made by the command line beside the server: for modules about pictures."""
import tempfile

from world import picture, world


def enrol(name, people_list, purpose="identification", picture_of=None, until=None):
    """Enrols the picture of that name; {"person": id, "face": id}."""
    with tempfile.NamedTemporaryFile(suffix=".jpg", dir=world.folder) as file:
        file.write(picture(picture_of or name))
        file.flush()
        more = ["--consent-until", until] if until else []
        done = world.server.command("enroll", "--name", name, "--list", people_list, "--consent", purpose, "--consent-method", "test form",
                                    *more, "--json", file.name)
    assert done.returncode == 0, done.stdout + done.stderr
    newest, = world.admin.call("faces_list", 200, sort="-created", limit=1).json["faces"]
    return newest
