"""Bad records from `meltano run` to the operator's view and back."""

from __future__ import annotations

import json
import sys

import duckdb
import pytest
import yaml

# Says what the setting `kind` says that a phone is.
TAP = f"""#!{sys.executable}
import json, sys
if "--config" not in sys.argv:
    sys.exit()
kind = json.load(open(sys.argv[sys.argv.index("--config") + 1]))["kind"]
properties = {{"id": {{"type": "string"}}, "phone": {{"type": [kind, "null"]}}}}
schema = {{"properties": properties}}
for message in (
    {{"type": "SCHEMA", "stream": "people", "schema": schema, "key_properties": ["id"]}},
    {{"type": "RECORD", "stream": "people", "record": {{"id": "1", "phone": None}}}},
    {{"type": "RECORD", "stream": "people", "record": {{"id": "2", "phone": "13800000000"}}}},
):
    print(json.dumps(message), flush=True)
"""


@pytest.fixture
def people(project):
    """The project with a tap whose second person is bad."""
    program = project.root / "tap-people"
    fragment = project.root / "plugins" / "people.meltano.yml"
    extractor = {
        "name": "tap-people",
        "namespace": "tap_people",
        "executable": "./tap-people",
        "settings": [{"name": "kind", "value": "integer"}],
    }
    program.write_text(TAP, encoding="utf-8")
    program.chmod(0o755)
    fragment.write_text(yaml.safe_dump({"plugins": {"extractors": [extractor]}}), encoding="utf-8")
    yield project
    program.unlink()
    fragment.unlink()


def test_a_bad_record_is_listed_and_replayed_after_its_schema_is_mended(people):
    def quarantine(*arguments):
        done = people.meltano("--log-level=error", "invoke", "syncops", "quarantine", *arguments)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return json.loads(done.stdout)

    assert "1 bad records went to the quarantine" in people.run("tap-people", "target-duckdb")
    (group,) = quarantine("list", "--json")["groups"]
    assert (group["schema"], group["stream"], group["records"]) == ("tap_people", "people", 1)
    assert "13800000000" not in json.dumps(group)
    (bad,) = quarantine("show", group["example_id"][:12], "--json")
    assert bad["record"] == {"id": "2", "phone": "13800000000"}
    people.run("tap-people", "target-duckdb", TAP_PEOPLE_KIND="string")
    (done,) = quarantine("replay", "--json")
    assert (done["stream"], done["loaded"], done["still_bad"]) == ("people", 1, 0)
    assert quarantine("list", "--json")["groups"] == []
    with duckdb.connect(people.env["TARGET_DUCKDB_PATH"], read_only=True) as connection:
        rows = connection.execute("select phone from tap_people.people where id = '2'").fetchall()
    assert rows == [("13800000000",)]
