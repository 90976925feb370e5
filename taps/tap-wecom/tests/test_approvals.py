"""Approvals of 企业微信: submitted, decided, and revoked long after."""

from __future__ import annotations

DAY = 86_400


def test_the_ends_of_the_approval_filter_are_text(companies):
    companies.run("approval_ids", start_date="2026-07-01")
    for call in companies.calls("oa/getapprovalinfo"):
        start, end = call.params["starttime"], call.params["endtime"]
        assert isinstance(start, str)
        assert int(end) - int(start) <= 31 * DAY


def test_a_pending_form_is_read_again_until_it_is_decided(companies):
    """The list tells submissions only; a form may be decided long after the look-back ended."""
    first = companies.run("approvals")
    corp = companies.names[0]
    pending = {r["sp_no"] for r in first.records("approvals", corp) if r["sp_status"] == 1}
    assert pending
    assert set(first.partition("approvals", corp)["open"]) == pending
    companies.clock.sleep(60 * DAY)
    second = companies.run("approvals", state=first.state)
    assert {r["sp_no"] for r in second.records("approvals", corp)} >= pending
    for _ in range(2):
        companies.box.mutate("wecom", corp, "approvals", keys=sorted(pending))
    third = companies.run("approvals", state=second.state)
    decided = {r["sp_no"] for r in third.records("approvals", corp) if r["sp_status"] != 1}
    assert decided >= pending
    assert "open" not in third.partition("approvals", corp)
    fourth = companies.run("approvals", state=third.state)
    assert not fourth.records("approvals", corp)


def test_a_form_revoked_after_it_passed_is_found_within_the_look_back(companies):
    first = companies.run("approvals")
    corp = companies.names[0]
    companies.box.mutate(
        "wecom", corp, "approvals", keys=[r["sp_no"] for r in first.records("approvals", corp)]
    )
    second = companies.run("approvals", state=first.state)
    changed = {r["sp_no"]: r["sp_status"] for r in second.records("approvals", corp)}
    recent = "2026-11-15"
    truth = {
        row.key: row.record["sp_status"] for row in companies.box.truth("wecom", corp, "approvals")
    }
    seen = [r["sp_no"] for r in first.records("approvals", corp) if r["apply_time"] > recent]
    assert seen
    assert {number: changed[number] for number in seen} == {n: truth[n] for n in seen}


def test_a_form_revoked_after_the_look_back_needs_a_longer_one(companies):
    """The limit that the README tells: no list of the platform knows of such a change."""
    corp = companies.names[0]
    first = companies.run("approvals")
    approved = {r["sp_no"] for r in first.records("approvals", corp) if r["sp_status"] == 2}
    companies.clock.sleep(30 * DAY)
    # The look-back counts from the bookmark, which this run moves.
    state = companies.run("approvals", state=first.state).state
    companies.box.mutate("wecom", corp, "approvals", keys=sorted(approved))
    truth = companies.box.truth("wecom", corp, "approvals")
    revoked = {row.key for row in truth if row.key in approved and row.record["sp_status"] == 6}
    assert revoked
    short = companies.run("approvals", state=state)
    long = companies.run("approvals", state=state, lookback="60d")
    assert revoked.isdisjoint(r["sp_no"] for r in short.records("approvals", corp))
    found = {r["sp_no"] for r in long.records("approvals", corp) if r["sp_status"] == 6}
    assert revoked <= found
