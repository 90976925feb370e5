"""What 企业微信 does that others do not."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from openplatform.errors import RunFailedError
from openplatform.testing import HeldClock, run
from tap_wecom import streams
from tap_wecom.tap import TapWeCom

from .replay import Replay

DAY = 86_400
BEIJING = 8 * 3600
MEMBERS = [f"u{number:03d}" for number in range(250)]
REFUSED = {"errcode": 301023, "errmsg": "userlist is over threshold", "checkindata": []}


def ok(**payload):
    return {"errcode": 0, "errmsg": "ok", **payload}


def departments(asked):
    return ok(department=[{"id": 1, "name": "all", "parentid": 0, "order": 1}])


def members(asked):
    return ok(userlist=[{"userid": userid, "name": userid} for userid in MEMBERS])


def punches(asked):
    return ok(
        checkindata=[
            {
                "userid": userid,
                "checkin_type": "外出打卡",
                "exception_type": "",
                "checkin_time": 1_795_140_000,
            }
            for userid in asked.params["useridlist"]
        ]
    )


def replayed(tmp_path, *streams, fails=False, settings=None, **answers):
    """Run the tap over one day (in Beijing) of a company that these functions play."""
    plays = {"department__list": departments, "user__list": members, **answers}
    plays = {api: play for api, play in plays.items() if play}  # None: as it was recorded
    with Replay(**plays) as replay:
        config = {
            "accounts": [{"id": "ww1", "secret": "s"}],
            "token_store": str(tmp_path),
            "base_url": replay.url,
            "start_date": "2026-11-20T00:00:00+08:00",
            "end_date": "2026-11-21T00:00:00+08:00",
            **(settings or {}),
        }
        clock = HeldClock(datetime(2026, 11, 21, 9, 40, tzinfo=timezone.utc))
        return run(TapWeCom, config, select=streams, clock=clock, fails=fails), replay


# -- how calls are made --------------------------------------------------------------------------


def test_bodies_are_real_utf8_and_reads_of_the_directory_are_get(tmp_path):
    _, replay = replayed(tmp_path, "users", "checkin_data", checkin__getcheckindata=punches)
    methods = {asked.api: asked.method for asked in replay.asked}
    assert methods["user/list"] == "GET"
    assert methods["checkin/getcheckindata"] == "POST"
    (first, *_) = replay.calls("checkin/getcheckindata")
    assert set(first.query) == {"access_token"}, "the token goes into the query, all else is body"
    assert b"\\u" not in first.body
    assert first.params["opencheckindatatype"] == 3


# -- attendance ----------------------------------------------------------------------------------


def test_members_are_asked_for_by_the_hundred(tmp_path):
    ran, replay = replayed(tmp_path, "checkin_data", checkin__getcheckindata=punches)
    calls = replay.calls("checkin/getcheckindata")
    assert [len(call.params["useridlist"]) for call in calls] == [100, 100, 50]
    assert len(ran.records("checkin_data")) == 250


def test_punches_outside_have_a_whole_key_without_a_rule(tmp_path):
    ran, _ = replayed(tmp_path, "checkin_data", checkin__getcheckindata=punches)
    record = ran.records("checkin_data")[0]
    assert (record["groupid"], record["timeline_id"]) == ("", "")


def test_a_threshold_below_a_hundred_halves_the_batch_and_is_remembered(tmp_path):
    def checkin(asked):
        return REFUSED if len(asked.params["useridlist"]) > 40 else punches(asked)

    ran, replay = replayed(tmp_path, "checkin_data", checkin__getcheckindata=checkin)
    sizes = [len(call.params["useridlist"]) for call in replay.calls("checkin/getcheckindata")]
    assert {record["userid"] for record in ran.records("checkin_data")} == set(MEMBERS)
    assert sizes.count(100) == 1, "what was refused once is not tried again"
    assert len([size for size in sizes if size > 40]) == 2


def test_the_setting_batch_avoids_the_refusal(tmp_path):
    settings = {"streams": {"checkin_data": {"batch": 40}}}
    _, replay = replayed(
        tmp_path, "checkin_data", settings=settings, checkin__getcheckindata=punches
    )
    sizes = [len(call.params["useridlist"]) for call in replay.calls("checkin/getcheckindata")]
    assert sizes == [40] * 6 + [10]


def test_a_single_member_over_the_threshold_is_an_error_not_a_gap(tmp_path):
    ran, _ = replayed(
        tmp_path, "checkin_data", fails=True, checkin__getcheckindata=lambda asked: REFUSED
    )
    assert isinstance(ran.error, RunFailedError)
    assert "replication_key_value" not in ran.partition("checkin_data", "ww1")


@pytest.mark.parametrize("code", [40003, 60111, 301021])
def test_a_member_who_left_takes_no_other_member_along(tmp_path, code):
    def checkin(asked):
        if "u123" in asked.params["useridlist"]:
            return {"errcode": code, "errmsg": "invalid userid"}
        return punches(asked)

    ran, _ = replayed(tmp_path, "checkin_data", checkin__getcheckindata=checkin)
    came = {record["userid"] for record in ran.records("checkin_data")}
    assert came == set(MEMBERS) - {"u123"}


def test_windows_are_thirty_days_at_the_most_whatever_the_number_of_members(companies):
    companies.run("checkin_data", start_date="2026-08-01", window_records=100)
    spans = [
        call.params["endtime"] - call.params["starttime"]
        for call in companies.calls("checkin/getcheckindata", companies.names[0])
    ]
    assert max(spans) == 30 * DAY
    assert len(spans) < 40


def test_days_begin_and_end_at_midnight_in_beijing(companies):
    companies.run("checkin_day_data", start_date="2026-11-12T11:11:11Z")
    calls = companies.calls("checkin/getcheckin_daydata")
    borders = {call.params[name] for call in calls for name in ("starttime", "endtime")}
    assert borders
    assert {(border + BEIJING) % DAY for border in borders} == {0}


def test_a_punch_that_is_told_late_is_found_by_the_look_back(companies):
    noon = datetime(2026, 11, 20, 19, 0, tzinfo=timezone(timedelta(hours=8)))
    companies.box.world.clock._now = noon.timestamp()
    first = companies.run("checkin_data")
    missing = [r for r in first.records("checkin_data") if r["exception_type"] == "未打卡"]
    assert missing, "the sandbox tells one punch in twenty a day late"
    companies.clock.sleep(2 * DAY)
    second = companies.run("checkin_data", state=first.state)
    told = {(r["userid"], r["sch_checkin_time"]): r for r in second.records("checkin_data")}
    for row in missing:
        real = told[row["userid"], row["sch_checkin_time"]]
        assert real["exception_type"] != "未打卡"
        assert real["checkin_time"] != row["checkin_time"] or real["location_title"]


def test_rows_outside_the_window_are_kept_and_do_not_move_the_bookmark(tmp_path):
    tomorrow = 1_795_253_400 + DAY

    def checkin(asked):
        (first, *_) = asked.params["useridlist"]
        row = {
            "userid": first,
            "checkin_type": "上班打卡",
            "exception_type": "未打卡",
            "checkin_time": tomorrow,
            "groupid": 1,
            "timeline_id": 1,
        }
        return ok(checkindata=[row])

    ran, _ = replayed(tmp_path, "checkin_data", checkin__getcheckindata=checkin)
    assert len(ran.records("checkin_data")) == 3
    mark = ran.partition("checkin_data", "ww1")["replication_key_value"]
    assert mark == "2026-11-20T16:00:00.000Z@"


@pytest.mark.parametrize("stream", ["user_ids", "users_simple"])
def test_where_user_list_is_refused_another_stream_tells_the_members(companies, stream):
    companies.run("checkin_data", users_from=stream)
    assert companies.calls("user/list") == []
    asked = {u for c in companies.calls("checkin/getcheckindata") for u in c.params["useridlist"]}
    assert asked == {record["userid"] for _, record in companies.truth("users")}


# -- the directory -------------------------------------------------------------------------------


def test_a_member_of_several_departments_comes_once(companies):
    pairs = companies.truth("user_ids")
    rows = companies.run("users").records("users")
    assert len(pairs) > len(rows), "some belong to two"
    assert len({(row["_account"], row["userid"]) for row in rows}) == len(rows)


def test_an_app_of_after_june_2022_gets_no_personal_fields_and_an_old_one_does(companies):
    personal = {"avatar", "gender", "mobile", "email", "biz_mail", "qr_code", "address"}
    new = companies.run("users").records("users")[0]
    for account in companies.config["accounts"]:
        account["secret"] = account["secret"].replace("sandbox-secret", "sandbox-old-secret")
    old = companies.run("users").records("users")[0]
    assert personal.isdisjoint(new)
    assert personal <= set(old)


def test_a_department_that_vanishes_while_it_is_read_is_left_out(tmp_path):
    def two(asked):
        return ok(department=[{"id": 1, "parentid": 0}, {"id": 2, "parentid": 1}])

    def listed(asked):
        if asked.query["department_id"] == "2":
            return {"errcode": 60123, "errmsg": "invalid party id"}
        return members(asked)

    ran, _ = replayed(tmp_path, "users", department__list=two, user__list=listed)
    assert len(ran.records("users")) == 250


def test_a_member_counts_as_gone_only_after_two_full_reads(companies):
    gone = companies.run("users", "departments")
    assert gone.activations("departments")
    assert not gone.activations("users")
    companies.clock.sleep(60)
    again = companies.run("users", state=gone.state)
    (activation,) = again.activations("users")
    assert activation["version"] == gone.of_type("RECORD", "users")[0]["version"]


def test_user_ids_follow_the_cursor(tmp_path):
    pages = {
        None: (["a", "b"], "c1"),
        "c1": (["c"], "c2"),
        "c2": (["d"], ""),
    }

    def listed(asked):
        names, following = pages[asked.params.get("cursor")]
        return ok(next_cursor=following, dept_user=[{"userid": n, "department": 1} for n in names])

    ran, replay = replayed(tmp_path, "user_ids", user__list_id=listed)
    assert [record["userid"] for record in ran.records("user_ids")] == ["a", "b", "c", "d"]
    assert {call.params["limit"] for call in replay.calls("user/list_id")} == {10_000}


# -- approvals and reports -----------------------------------------------------------------------


def test_an_approval_list_is_read_to_its_last_cursor_not_to_a_short_page(tmp_path):
    pages = {"": (["1", "2"], "n1"), "n1": ([], "n2"), "n2": (["3"], None)}

    def listed(asked):
        names, following = pages[asked.params["new_cursor"]]
        return ok(sp_no_list=names, **({"new_next_cursor": following} if following else {}))

    ran, _ = replayed(tmp_path, "approval_ids", oa__getapprovalinfo=listed)
    assert [record["sp_no"] for record in ran.records("approval_ids")] == ["1", "2", "3"]


def test_reports_end_where_the_platform_says_so(tmp_path):
    pages = {0: (["j1"], 5, 0), 5: (["j2"], 9, 1)}

    def listed(asked):
        names, following, last = pages[asked.params["cursor"]]
        return ok(journaluuid_list=names, next_cursor=following, endflag=last)

    ran, replay = replayed(tmp_path, "journal_ids", oa__journal__get_record_list=listed)
    assert [record["journaluuid"] for record in ran.records("journal_ids")] == ["j1", "j2"]
    assert len(replay.calls("oa/journal/get_record_list")) == 2


# -- customers -----------------------------------------------------------------------------------


def test_a_member_without_customers_is_an_empty_list(tmp_path):
    def contacts(asked):
        if asked.query["userid"] == "zhangsan":
            return {"errcode": 84061, "errmsg": "not external contact"}
        return ok(external_userid=["wm1"])

    ran, _ = replayed(tmp_path, "external_contact_ids", externalcontact__list=contacts)
    (record,) = ran.records("external_contact_ids")
    assert (record["external_userid"], record["userid"]) == ("wm1", "lissi")


def test_a_list_that_is_refused_as_a_whole_is_no_empty_list(tmp_path):
    ran, _ = replayed(
        tmp_path,
        "follow_users",
        fails=True,
        externalcontact__get_follow_user_list=lambda asked: {
            "errcode": 84074,
            "errmsg": "no right",
        },
    )
    assert isinstance(ran.error, RunFailedError)
    assert not ran.activations("follow_users")


# -- throttling ----------------------------------------------------------------------------------


def test_a_minute_limit_is_waited_for(tmp_path):
    answers = [{"errcode": 45009, "errmsg": "api freq out of limit"}, None]

    def throttled(asked):
        return answers.pop(0) or departments(asked)

    clock_start = datetime(2026, 11, 21, 9, 40, tzinfo=timezone.utc)
    clock = HeldClock(clock_start)
    with Replay(department__list=throttled) as replay:
        config = {
            "accounts": [{"id": "ww1", "secret": "s"}],
            "token_store": str(tmp_path),
            "base_url": replay.url,
        }
        ran = run(TapWeCom, config, select=["departments"], clock=clock)
    assert len(ran.records("departments")) == 1
    assert clock.now() - clock_start >= timedelta(seconds=60)


def test_a_busy_platform_is_asked_again_three_times_at_the_most(tmp_path):
    ran, replay = replayed(
        tmp_path,
        "departments",
        fails=True,
        department__list=lambda asked: {"errcode": -1, "errmsg": "system busy"},
    )
    assert isinstance(ran.error, RunFailedError)
    assert len(replay.calls("department/list")) == 4


def test_the_limits_of_single_apis_are_kept(companies):
    """Asked for more than 100 days of attendance, the tap stays below 100 calls a minute."""
    companies.box.set_limits(active=True)
    companies.run(
        "checkin_day_data",
        start_date="2026-06-01",
        streams={"checkin_day_data": {"window": "1d"}},
    )
    calls = companies.calls("checkin/getcheckin_daydata", companies.names[0])
    assert len(calls) > 150
    assert {call.outcome for call in calls} == {"ok"}


def test_state_stays_plain_json(companies):
    state = companies.run("approvals", "users").state
    assert json.loads(json.dumps(state)) == state


def test_members_and_contacts_that_vanish_while_they_are_read_stop_nothing(companies):
    companies.box.set_churn(60, deletions=0.7)
    ran = companies.run(*(kind.name for kind in streams.ALL))
    companies.box.set_churn(0)
    corp = companies.names[0]
    assert companies.box.deleted_keys("wecom", corp, "users")
    there = {record["userid"] for owner, record in companies.truth("users") if owner == corp}
    state = ran.state
    for _ in range(2):
        companies.clock.sleep(60)
        ran = companies.run("users", state=state)
        state = ran.state
    (activation,) = ran.activations("users")
    came = {record["userid"] for record in ran.records("users", corp)}
    assert came == there
    assert activation["version"] < ran.of_type("RECORD", "users")[0]["version"]


def test_fallbacks_are_offered_but_not_selected(companies):
    catalog = TapWeCom(config=companies.config).catalog
    off = {name for name, entry in catalog.items() if not entry.metadata.root.selected_by_default}
    assert off == {
        "department_ids",
        "users_simple",
        "user_ids",
        "user_details",
        "external_contact_ids",
    }
