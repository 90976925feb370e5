"""eventgate as a utility of the project: its settings come from Meltano, its platforms from the taps."""

from __future__ import annotations

import json


def test_invoke_check_tells_the_addresses_from_the_projects_settings(project):
    settings = {
        "EVENTGATE_YOUZAN_APP_KEY": "client",
        "EVENTGATE_YOUZAN_APP_SECRET": "secret-of-the-app",
        "EVENTGATE_TOKEN": "readers-token",
    }
    for name in ("wecom_corp_id", "wecom_token", "wecom_aes_key"):
        value = "A" * 43 if name == "wecom_aes_key" else "ww1"
        done = project.meltano("config", "set", "eventgate", name, value)
        assert done.returncode == 0, done.stderr
    done = project.meltano("invoke", "eventgate", "check", "--json", **settings)
    told = json.loads(done.stdout)
    assert (done.returncode, told["problems"]) == (0, [])
    assert [gate["name"] for gate in told["gates"]] == ["wecom", "youzan"]
    assert told["log"] == str(project.root / ".meltano" / "eventgate.db")
    refused = project.meltano("invoke", "eventgate:events", EVENTGATE_YOUZAN_APP_KEY="client")
    assert refused.returncode == 1
    assert "Setting platforms, youzan: The setting app_secret is missing" in refused.stderr
