"""No secret leaves the process, whatever goes wrong and however much is logged."""

from __future__ import annotations

import json

import pytest

from end_to_end.processes import LAB, program, run_tap

KEY = "sandbox-lab-key-lab1"
ODD = "pässwörd+/=&%41 \"quoted\" 'n' \\back\\ {json}"


@pytest.fixture
def loud():
    return {"TAP_YOUZAN_LOGLEVEL": "DEBUG", "TAP_LAB_LOGLEVEL": "DEBUG", "LOGLEVEL": "DEBUG"}


def texts(ended, shop, folder):
    stored = [p.read_text("utf-8") for p in folder.glob("state*.json")]
    log = json.dumps([entry.as_dict() for entry in shop.requests()], ensure_ascii=False)
    return {"stdout": ended.stdout, "stderr": ended.stderr, "state": "".join(stored), "log": log}


def assert_unseen(where, *secrets):
    for secret in secrets:
        forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        for name, text in where.items():
            for form in forms:
                assert form not in text, f"{form!r} stands in {name}"


def test_secrets_and_tokens_stay_unseen_through_faults(world, tmp_path, loud):
    shop = world(seed=4, size=40, accounts=2, limits=False)
    shop.set_faults(
        throttle=0.05, server_error=0.05, cut=0.05, html=0.05, hang=0.02, hang_seconds=0.05
    )
    config = {
        **shop.config("youzan"),
        "token_store": str(tmp_path / "tokens"),
        "retry_wait": "10ms",
        "account_requests_per_second": 100_000,
    }
    ended = run_tap((program("tap-youzan"),), tmp_path, config, **loud)
    assert "RECORD" in ended.stdout
    tokens = [
        json.loads(p.read_text("utf-8"))["access"] for p in (tmp_path / "tokens").glob("*.json")
    ]
    assert len(tokens) == 2
    assert sum(shop.world.plan.made.values()) > 3
    assert "| DEBUG" in ended.stderr, "the log was not loud enough to prove anything"
    assert_unseen(texts(ended, shop, tmp_path), config["app_secret"], *tokens)


@pytest.mark.parametrize("secret", [ODD, "short1", "a" * 400])
def test_a_refused_secret_is_not_shown_in_the_refusal(world, tmp_path, loud, secret):
    shop = world(seed=4, size=40, accounts=1, limits=False)
    config = {
        **shop.config("youzan"),
        "app_secret": secret,
        "token_store": str(tmp_path / "tokens"),
        "retry_wait": "10ms",
    }
    ended = run_tap((program("tap-youzan"),), tmp_path, config, **loud)
    assert ended.returncode == 1
    assert_unseen(texts(ended, shop, tmp_path), secret)


def test_a_platform_that_repeats_the_key_in_its_answer_is_masked(world, tmp_path, loud):
    from sandbox.http import Reply

    shop = world(seed=4, size=40, accounts=1, limits=False)
    platform = shop.world.platform("lab")
    bodies = [
        f'{{"ok":false,"code":1006,"message":"key {KEY} is not allowed here"}}',
        f"<html>Bad gateway for {KEY}</html>",
    ]

    def repeating(call):
        body = bodies[call.number % 2]
        return Reply(body.encode(), 200 if call.number % 2 == 0 else 403)

    platform.handle = repeating
    ended = run_tap(LAB, tmp_path, {**shop.config("lab"), "retry_wait": "1ms"}, **loud)
    assert ended.returncode == 1
    assert "***" in ended.stderr
    assert_unseen(texts(ended, shop, tmp_path), KEY)


def test_a_secret_in_the_address_of_a_dead_host_is_masked(tmp_path, loud):
    config = {
        "base_url": "http://127.0.0.1:9/youzan",
        "app_key": "app",
        "app_secret": "dead-host-secret",
        "accounts": [{"id": "1", "refresh_token": "dead-host-refresh"}],
        "token_store": str(tmp_path / "tokens"),
        "retry_wait": "1ms",
        "retry_tries": 2,
    }
    ended = run_tap((program("tap-youzan"),), tmp_path, config, **loud)
    assert ended.returncode == 1
    text = ended.stdout + ended.stderr
    assert "dead-host-secret" not in text
    assert "dead-host-refresh" not in text
