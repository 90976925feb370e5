"""The file of rules, and what is told to whom: without a project."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st
from openplatform.bookmarks import format_time
from syncops.alerts.checks import Problem
from syncops.alerts.example import EXAMPLE
from syncops.alerts.memory import Found, Memory, due, forget_settled, take_in, told
from syncops.alerts.rules import RulesError, load_rules, span

NOW = datetime.now(timezone.utc)

# -- the file ---------------------------------------------------------------------------------------


def loaded(tmp_path, text, **variables):
    path = tmp_path / "alerts.yml"
    path.write_text(text)
    return load_rules(path, variables)


HOOK = "channels: {ops: {type: webhook, url: 'https://x.example/y'}}\nrules:\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HOOK + "- {when: lag_abov, limit: 3h}", "rules[0].when: Invalid value 'lag_abov'. One of: lag_above, "),
        (HOOK + "- {limit: 3h}", "rules[0]: Object missing required field `when`. One of: lag_above"),
        (HOOK + "- {when: lag_above}", "rules[0]: Object missing required field `limit`"),
        (HOOK + "- {when: lag_above, limit: 3}", "rules[0].limit: Expected `str`, got `int`"),
        (HOOK + "- {when: lag_above, limit: 3x}", "rules[0].limit: '3x' is no duration"),
        (HOOK + "- {when: lag_above, limit: 3h, strams: [a]}", "rules[0]: unknown field 'strams'. Did you mean streams?"),
        (HOOK + "- {when: success_rate_below, limit: 95}", "rules[0].limit: Expected `float` <= 1.0"),
        (HOOK + "- {when: run_failed, channels: [op]}", "rules[0].channels: there is no channel 'op'. Channels: ops"),
        (HOOK + "- {when: run_failed}\n- {when: run_failed}", "rules[0]: another rule is called 'run_failed'"),
        (HOOK + "- {when: run_failed}\nrules: []", ", line 4: this is no YAML: found duplicate key"),
        (HOOK + "- [", ", line 3: this is no YAML"),
        (HOOK + "  []", "rules: there is none, so nothing is watched"),
        ("channels: {o: {type: webhok}}\nrules: []", "channels.o.type: Invalid value 'webhok'. One of: wecom"),
        ("channels: {o: {type: wecom, url: 'https://x?key=1'}}\nrules: []", "channels.o.url: it is a secret"),
        ("channels: {o: {type: email, host: h, from: a@b, to: [c@d], password: x}}\nrules: []", "channels.o.password: it is a secret"),
        ("channels: {o: {type: webhook, url: '${NOPE}'}}\nrules: []", "channels.o.url: the environment variable NOPE is not set"),
        ("channels: {o: {type: webhook, url: 'ftp://x'}}\nrules: [{when: run_failed}]", "channels.o: url is no http(s) URL"),
        ("channels: {o: {type: email, host: h, from: a, to: [c@d]}}\nrules: [{when: run_failed}]", "channels.o: 'a' is no e-mail address"),
        ("channels: {}\nrules: []", "channels: name at least one channel"),
        ("rulez: []\nchannels: {o: {type: webhook, url: 'https://x'}}", ": unknown field 'rulez'. Did you mean rules?"),
        ("[]", "it must hold `channels` and `rules`"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_named(tmp_path, text, said):
    with pytest.raises(RulesError) as caught:
        loaded(tmp_path, text)
    assert (
        f"alerts.yml{said}" in caught.value.message or f"alerts.yml: {said}" in caught.value.message
    )
    assert caught.value.exit_code == 2


def test_the_example_is_right(tmp_path):
    rules = loaded(tmp_path, EXAMPLE, WECOM_ROBOT_URL="https://robot.example/send?key=1")
    assert rules.channels["ops"].url == "https://robot.example/send?key=1"
    assert {rule.__struct_config__.tag for rule in rules.rules} == {
        "lag_above", "run_failed", "nothing_ran_for", "success_rate_below", "failures_parked",
        "grant_expires_within", "reconcile_difference", "quarantine_growing",
    }  # fmt: skip
    # What is commented out is right as well.
    whole = "\n".join(
        line.replace("# ", "", 1) if line.startswith("  # ") and ":" in line and "," not in line.split(":")[0]
        else line
        for line in EXAMPLE.splitlines()
        if not line.startswith("  # 企") and "A program of yours" not in line
        and not line.startswith(("  # 钉", "  # 飞"))
    )  # fmt: skip
    names = ("WECOM_ROBOT_URL", "DINGTALK_ROBOT_URL", "FEISHU_ROBOT_URL")
    variables = dict.fromkeys(names, "https://robot.example/send?key=1")
    variables |= dict.fromkeys(("DINGTALK_ROBOT_SECRET", "FEISHU_ROBOT_SECRET"), "s")
    variables |= dict.fromkeys(("WEBHOOK_SECRET", "SMTP_PASSWORD"), "s")
    channels = loaded(tmp_path, whole, **variables).channels
    assert set(channels) == {"ops", "dingtalk", "feishu", "webhook", "mail"}


# -- the memory -------------------------------------------------------------------------------------


def problem(about, rule="r"):
    return Problem(rule, (about,), "orders", "1", f"{about} is wrong")


CHECKS = st.lists(
    st.tuples(st.sets(st.sampled_from("abc")), st.sets(st.sampled_from(["x", "y"]))), max_size=12
)


@given(CHECKS)
def test_each_channel_hears_of_each_beginning_and_each_end_once(checks):
    """Whatever comes and goes, and whichever channel is away: what it hears alternates and is true."""
    memory, now, heard = Memory(), NOW, {"x": {}, "y": {}}
    for wrong, away in [*checks, (set(), set())]:
        now += timedelta(minutes=5)
        take_in(memory, Found([problem(w) for w in wrong], {"r"}), now)
        for channel, known in heard.items():
            news = due(memory, channel, {"r"}, timedelta(days=1), now)
            if channel in away:
                continue
            for state, alert in news:
                assert state != "still"
                assert (alert.about[0] in known) == (state == "recovered")
                if state == "new":
                    known[alert.about[0]] = True
                else:
                    del known[alert.about[0]]
            told(news, channel, now)
            assert set(known) == wrong
        forget_settled(memory, heard)
    assert memory.alerts == {}


def test_what_stands_is_told_again_after_a_while():
    memory, repeat = Memory(), timedelta(hours=24)
    said = []
    for hour in range(50):
        now = NOW + timedelta(hours=hour)
        take_in(memory, Found([problem("a")], {"r"}), now)
        news = due(memory, "x", {"r"}, repeat, now)
        told(news, "x", now)
        said += [(hour, state) for state, _ in news]
    assert said == [(0, "new"), (24, "still"), (48, "still")]
    assert next(iter(memory.alerts.values())).since == format_time(NOW)


def test_a_rule_that_cannot_be_checked_neither_clears_nor_raises():
    memory = Memory()
    take_in(memory, Found([problem("a")], {"r"}), NOW)
    take_in(memory, Found([], set(), {"r": "locked"}), NOW)
    assert [alert.firing for alert in memory.alerts.values()] == [True]
    take_in(memory, Found([], {"another"}), NOW)
    assert memory.alerts == {}, "a rule that is gone takes its alerts along"


def test_durations_of_the_example_are_understood():
    assert span("14d") == timedelta(days=14)
