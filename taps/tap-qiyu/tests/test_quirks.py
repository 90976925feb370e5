"""What is odd about 七鱼, and what a careless reading would break."""

from __future__ import annotations

import io
import os
import signal
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import pyzipper
from openplatform.errors import ConfigurationError, FatalError, TransientError
from openplatform.testing import load_sample, run_process, shape_answer, tap_process
from sandbox.http import Reply
from sandbox.platforms.qiyu import archive as made
from tap_qiyu.client import opened
from tap_qiyu.exports import Archive, Hours
from tap_qiyu.jobs import JobFiles

SAMPLES = Path(__file__).parent / "samples"
BEGIN = "openapi/export/session"
CHECK = "openapi/export/session/check"
SEARCH = "openapi/v2/ticket/search"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NIGHT = "02:00-06:00"


def windows(company, account=None):
    found = [call.params for call in company.calls(BEGIN, account) if call.outcome == "ok"]
    return [(int(one["start"]), int(one["end"])) for one in found]


# -- exports: jobs --------------------------------------------------------------------------------


def test_one_job_serves_sessions_and_messages_and_ends_are_sent_as_text(companies):
    messages = companies.run("sessions", "messages", start_date="2026-11-18T00:00:00+08:00")
    for stream in ("sessions", "messages"):
        assert messages.records(stream)
    for account in companies.names:
        begun = windows(companies, account)
        assert len(begun) == len(set(begun)) == 4
        assert all(end - start <= DAY_MS for start, end in begun)
        assert len(companies.calls("download", account)) == 2 * len(begun)
    assert {type(c.params["start"]) for c in companies.calls(BEGIN)} == {str}


def test_one_job_is_at_work_at_a_time_in_a_company(companies):
    companies.run("sessions", start_date="2026-11-18T00:00:00+08:00", concurrency=4)
    for account in companies.names:
        at_work = 0
        for call in companies.calls(account=account):
            if call.api == BEGIN:
                at_work += 1
                assert at_work == 1
            elif call.api == "download":
                at_work -= 1


def test_by_day_exports_are_put_off_and_all_else_is_read(companies, caplog):
    messages = companies.run("sessions", "messages", "tickets", export_hours=NIGHT)
    assert messages.error is None
    assert messages.records("tickets")
    assert companies.calls(BEGIN) == []
    for stream in ("sessions", "messages"):
        assert messages.records(stream) == []
        assert "replication_key_value" not in messages.partition(stream, companies.names[0])
    assert "put off: exports begin between 02:00-06:00 China time" in caplog.text
    assert "it is 17:40" in caplog.text


def test_hours_are_no_failure_of_the_connection_test_either(companies, capfd):
    tap = companies.kind(config={**companies.config, "export_hours": NIGHT})
    tap.clock = companies.clock
    assert tap.run_connection_test()
    assert '"stream":"staffs"' in capfd.readouterr().out.replace(" ", "")
    assert companies.calls(BEGIN) == []


def test_a_night_that_ends_leaves_the_rest_to_the_next_one(companies):
    """Each job takes 12 seconds here; the hours end before all are done."""
    companies.box.set_limits(active=False, **{"qiyu.night_only": 1, "qiyu.job_seconds": 12})
    companies.box.advance(12 * 3600 + 20 * 60 - 30)  # 30 seconds to six
    first = companies.run("sessions", export_hours=NIGHT, concurrency=1)
    done = len(windows(companies))
    assert first.error is None
    assert 0 < done < 18
    assert "rejected" not in {call.outcome for call in companies.calls()}
    companies.box.advance(20 * 3600 + 3600)
    second = companies.run("sessions", state=first.state, export_hours=NIGHT)
    for account in companies.names:
        came = set(first.latest("sessions", account)) | set(second.latest("sessions", account))
        wanted = {row.key for row in companies.box.truth("qiyu", account, "sessions")}
        assert came == wanted


def test_too_much_for_one_export_halves_its_window(companies):
    fullest = 0
    for account in companies.names:
        rows = companies.box.truth("qiyu", account, "sessions")
        hours = [row.record["endTime"] // HOUR_MS for row in rows]
        fullest = max(fullest, *map(hours.count, hours))
    companies.box.set_limits(active=False, **{"qiyu.export_rows": fullest})
    messages = companies.run("sessions", "messages", start_date="2026-11-17T00:00:00+08:00")
    assert companies.wrong(messages, "sessions") == []
    spans = [end - start for start, end in windows(companies)]
    assert min(spans) < DAY_MS
    assert all(span % HOUR_MS == 0 for span in spans)


def test_a_run_that_is_killed_while_it_waits_is_followed_by_one_that_waits_on(companies):
    """The job's key lies on disk; the platform works on it all the same."""
    account = companies.config["accounts"][:1]
    now = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    settings = {
        "accounts": account,
        "export_hours": "00:00-24:00",
        "start_date": (now - timedelta(hours=2)).isoformat(),
        "end_date": (now - timedelta(hours=1)).isoformat(),
        "concurrency": 1,
    }
    victims = []

    def killing(call, reply):
        if call.api == CHECK and victims:
            os.kill(victims.pop(), signal.SIGKILL)
        return reply

    companies.change_answers(killing)
    config = {**companies.config, **settings}
    with tap_process(companies.kind, config, select=["sessions"]) as process:
        victims.append(process.pid)
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    companies.box.advance(60)
    done = run_process(companies.kind, config, select=["sessions"])
    assert done.code == 0, done.log
    assert len(companies.calls(BEGIN)) == 1
    assert list(Path(config["token_store"], "exports").iterdir()) == []


def test_an_address_that_has_expired_is_asked_for_by_a_new_job(companies):
    companies.run("sessions", start_date="2026-11-21T12:00:00+08:00")
    begun = len(windows(companies))
    gone = []

    def expiring(call, reply):
        if call.api == "download" and len(gone) < len(companies.names) + begun:
            gone.append(call.number)
            if len(gone) > begun:
                return Reply(b"<Error/>", 403, "rejected", "application/xml")
        return reply

    companies.box.clear_requests()
    companies.change_answers(expiring)
    messages = companies.run("sessions", "messages", start_date="2026-11-21T12:00:00+08:00")
    assert messages.error is None
    assert len(windows(companies)) > begun


# -- exports: files -------------------------------------------------------------------------------

FILES = {
    "2026-11-20/session.txt": '{"id": 1, "x": 0.10}\n\n{"id": 2}\n共2条\n'.encode(),
    "2026-11-20/message.txt": b'{"sessionId": 1}\n{"total": 1}\n',
}
PASSWORD = "sandboxkey01"


def rows_of(content, name="session.txt", key="id", password=PASSWORD):
    return list(Archive(io.BytesIO(content), password, "account 1").rows(name, key))


@pytest.mark.parametrize("seal", [made.traditional, made.modern])
def test_both_ciphers_are_read_and_the_last_line_is_none(seal):
    content = seal(FILES, PASSWORD.encode())
    assert [str(row["id"]) for row in rows_of(content)] == ["1", "2"]
    assert str(rows_of(content)[0]["x"]) == "0.10"
    assert rows_of(content, "message.txt", "sessionId") == [{"sessionId": 1}]
    with pytest.raises(FatalError, match="does not open with the beginning of app_key"):
        rows_of(content, password="another")


def test_the_simulators_traditional_cipher_is_that_of_others():
    with zipfile.ZipFile(io.BytesIO(made.traditional(FILES, PASSWORD.encode()))) as archive:
        for name, content in FILES.items():
            assert archive.read(name, PASSWORD.encode()) == content


def test_a_broken_line_is_told_and_left_out(caplog):
    content = made.modern({"a/session.txt": b'{"id": 1}\n{"id": \n{"id": 2}\n'}, PASSWORD.encode())
    assert [row["id"] for row in rows_of(content)] == [1, 2]
    assert "1 lines of session.txt hold no record" in caplog.text


def test_an_archive_of_another_form_or_a_damaged_one_is_told():
    other = made.modern({"a/other.txt": b"{}"}, PASSWORD.encode())
    with pytest.raises(FatalError, match=r"holds no session\.txt, but a/other\.txt"):
        rows_of(other)
    empty = io.BytesIO()
    pyzipper.AESZipFile(empty, "w").close()
    assert rows_of(empty.getvalue()) == [], "a day without sessions"
    content = bytearray(made.traditional(FILES, PASSWORD.encode()))
    content[70] ^= 0xFF
    with pytest.raises(TransientError, match="damaged"):
        rows_of(bytes(content))


# -- settings and small parts ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "inside", "outside"),
    [
        ("02:00-06:00", ("02:00", "05:59"), ("01:59", "06:00", "17:40")),
        ("22:30-06:00", ("22:30", "00:00", "05:59"), ("06:00", "22:29")),
        ("00:00-24:00", ("00:00", "23:59"), ()),
    ],
)
def test_hours_are_those_of_china(hours, inside, outside):
    part = Hours.parse(hours)

    def at(clock):
        return datetime.fromisoformat(f"2026-11-21T{clock}:00+08:00").astimezone(timezone.utc)

    assert all(part.hold(at(clock)) for clock in inside)
    assert not any(part.hold(at(clock)) for clock in outside)


@pytest.mark.parametrize("text", ["", "2-6", "02:00-02:00", "25:00-26:00", "night"])
def test_hours_that_are_none_are_told(text):
    with pytest.raises(ConfigurationError, match="export_hours"):
        Hours.parse(text)


def test_the_key_of_a_job_is_kept_for_half_a_day(tmp_path):
    files = JobFiles({"token_store": str(tmp_path)})
    now, window = datetime(2026, 11, 21, tzinfo=timezone.utc), ("key", "1", "2")
    files.put(window, "a1", now)
    assert files.get(window, now) == "a1"
    assert files.get(window, now + timedelta(hours=13)) is None
    assert files.get(("key", "1", "3"), now) is None
    files.remove(window)
    files.remove(window)
    assert files.get(window, now) is None
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigurationError, match="token_store"):
        JobFiles({"token_store": str(tmp_path / "taken")}).put(window, "a1", now)


def test_the_payload_stands_in_text_in_an_object_or_in_data():
    for body in (
        {"message": '{"tickets": []}'},
        {"message": {"tickets": []}},
        {"message": "success", "data": {"tickets": []}},
        {"data": {"tickets": []}},
    ):
        assert opened({"code": 200, **body}, SEARCH)["payload"] == {"tickets": []}
    logs = "openapi/v2/ticket/log"
    for payload in ('{"result": [1], "more": []}', "[1]", '{"any": [1]}'):
        assert opened({"message": payload}, logs)["rows"] == [1]


# -- tickets --------------------------------------------------------------------------------------


def test_tickets_are_found_by_their_last_operation(companies):
    first = companies.run("tickets")
    account = companies.names[0]
    (changed,) = companies.box.mutate("qiyu", account, "tickets", count=1)
    companies.clock.sleep(3600)
    second = companies.run("tickets", state=first.state)
    assert set(second.latest("tickets", account)) >= {changed}
    for call in companies.calls(SEARCH):
        assert (call.params["sortBy"], call.params["order"]) == ("ct", "asc")
        assert call.params["limit"] == 50
        assert call.params["withCustomField"] is True


def test_a_ticket_is_asked_for_again_until_it_is_at_rest(companies):
    first = companies.run("tickets", "ticket_details")
    account = companies.names[0]
    states = {r["id"]: r["status"] for r in first.records("ticket_details", account)}
    waiting = {ticket for ticket, state in states.items() if state in {1, 5, 10}}
    assert waiting
    assert set(first.partition("ticket_details", account)["open"]) == waiting
    companies.box.world.mutate("qiyu", account, "tickets", "update", keys=sorted(waiting))
    companies.clock.sleep(40 * 86_400)
    # What the search would bring is out of sight; the open ones are asked for by their ids.
    second = companies.run(
        "ticket_details", state=first.state, end_date="2026-11-21T09:00:00+00:00"
    )
    latest = second.latest("ticket_details", account)
    assert set(latest) >= waiting
    resting = {ticket for ticket in waiting if latest[ticket]["status"] in {20, 50}}
    assert resting
    assert set(second.partition("ticket_details", account)["open"]) == waiting - resting


def test_what_only_one_member_of_staff_sees_is_named_with_them(companies, caplog):
    companies.run("filtered_tickets", ticket_filters=["12"], fails=True)
    messages = companies.run("filtered_tickets")
    assert messages.records("filtered_tickets")
    (first, *_) = companies.calls("openapi/v2/ticket/list")
    assert (first.params["staffId"], first.params["filterId"]) == (178669, 5)


def test_values_of_levels_become_text(tap):
    body = load_sample(SAMPLES / "tickets.json")
    body["message"]["tickets"][0]["custom"][0]["value"] = {"path": "a/b", "idpath": [1], "id": 1}
    (ticket,) = shape_answer(tap, "tickets", opened(body, SEARCH), account="corp01").records
    assert ticket["custom"][0]["value"] == '{"path":"a/b","idpath":[1],"id":1}'
    assert ticket["properties"] == {}
    assert ticket["createTime"] == "2017-06-29T11:37:37.082Z"


# -- reports and staff ----------------------------------------------------------------------------


def test_reports_are_those_of_whole_days_and_say_which(companies):
    messages = companies.run("workload_stats", start_date="2026-11-18T00:00:00+08:00")
    rows = messages.records("workload_stats", companies.names[0])
    assert {row["startTime"] for row in rows} == {
        f"2026-11-{day}T16:00:00.000Z" for day in (17, 18, 19)
    }
    for call in companies.calls("openapi/statistic/staffworklod"):
        assert call.params["endTime"] - call.params["startTime"] == DAY_MS - 1
        assert call.params["model"] == 1
    assert {row["noReplyRatio"] for row in rows} > {"-1"}


def test_a_model_that_the_platform_cannot_do_is_told(companies, caplog):
    messages = companies.run("workload_stats", report_model=3, fails=True)
    assert "14500" in caplog.text
    assert not messages.records("workload_stats")


def test_a_session_that_was_pushed_is_read_by_its_id_at_any_hour(companies):
    account = companies.names[0]
    row = next(iter(companies.box.truth("qiyu", account, "sessions")))
    messages = companies.run(
        "sessions", export_hours=NIGHT, hot_set={"sessions": {account: [row.key]}}
    )
    (session,) = messages.records("sessions")
    assert session["id"] == row.key
    assert companies.calls(BEGIN) == []
