"""What a tap says about itself: settings, streams, catalog, and mistakes in its settings."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from openplatform.errors import ConfigurationError
from singer_sdk.exceptions import ConfigValidationError

from conformance.facts import Declared

MONEY = ("fee", "amount", "price")


class Describing(Declared):
    """Needs no call of the platform; that none is made is part of the tests."""

    def test_it_says_what_it_is(self):
        done = CliRunner().invoke(self.facts.tap.cli, ["--about", "--format=json"])
        assert done.exit_code == 0, done.output
        about = json.loads(done.stdout)
        assert about["name"] == self.facts.tap.name == self.folder.parent.name
        assert {"catalog", "discover", "state"} <= set(about["capabilities"])
        settings = about["settings"]["properties"]
        assert {"accounts", "start_date", "base_url", "streams"} <= settings.keys()
        assert all(s.get("description") for n, s in settings.items() if n != "flattening_enabled")

    def test_it_discovers_its_streams_without_a_call(self, trial, tmp_path):
        file = tmp_path / "config.json"
        file.write_text(json.dumps(trial.config), encoding="utf-8")
        done = CliRunner().invoke(self.facts.tap.cli, ["--config", str(file), "--discover"])
        assert done.exit_code == 0, done.output
        found = [entry["tap_stream_id"] for entry in json.loads(done.stdout)["streams"]]
        assert found == list(self.facts.tap(config=trial.config).streams)
        assert set(found) == {*self.facts.streams, *self.facts.elsewhere}
        assert trial.calls() == []

    def test_its_catalog_holds_what_targets_need(self, trial):
        catalog = self.facts.tap(config=trial.config).catalog_dict["streams"]
        for entry in catalog:
            keys, properties = entry["key_properties"], entry["schema"]["properties"]
            Draft202012Validator.check_schema(entry["schema"])
            assert keys[0] == "_account"
            assert len(keys) > 1
            assert set(keys) <= properties.keys()
            assert entry.get("replication_key") in {None, "_bookmark"}
            assert ("_bookmark" in properties) == (entry.get("replication_key") == "_bookmark")
            assert not [name for name in properties if name.startswith("x-")]
            money = {n: p for n, p in properties.items() if any(word in n for word in MONEY)}
            assert '"number"' not in json.dumps(money), "money must not be a float"
        assert trial.calls() == []

    def test_settings_are_checked_before_anything_is_read(self, trial):
        with pytest.raises(ConfigValidationError) as caught:
            self.facts.tap(config={})
        assert "accounts" in str(caught.value.errors)
        for settings, told in (
            ({"streams": {"no_such_stream": {}}}, "no_such_stream"),
            ({"start_date": "tomorrow"}, "start_date"),
            ({"start_date": "2126-01-01"}, "future"),
            ({"accounts": []}, "accounts"),
            ({"base_url": "nowhere"}, "base_url"),
            ({"settle": "a while"}, "settle"),
        ):
            with pytest.raises(ConfigurationError, match=told):
                trial.run(**settings)
            assert trial.calls() == [], settings

    def test_a_state_that_is_none_is_told_with_stream_and_account(self, trial):
        streams = self.facts.tap(config=trial.config).platform_streams
        stream = next(name for name in trial.selected if streams[name].incremental)
        partition = {
            "context": {"_account": trial.names[0]},
            "replication_key": "_bookmark",
            "replication_key_value": "yesterday",
        }
        state = {"bookmarks": {stream: {"partitions": [partition]}}}
        with pytest.raises(ConfigurationError) as caught:
            trial.run(stream, state=state)
        assert stream in str(caught.value)
        assert trial.names[0] in str(caught.value)
