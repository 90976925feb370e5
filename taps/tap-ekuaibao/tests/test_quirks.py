"""What is odd about the streams of 易快报, and what a careless reading would break."""

from __future__ import annotations

import pytest
from sandbox.http import Reply, json_reply
from sandbox.platforms.ekuaibao.rows import ENTITIES, TYPES
from tap_ekuaibao.client import EDITIONS, EkuaibaoClient

DOCUMENTS = "api/openapi/v1.1/docs/getApplyList"
DETAILS = "api/openapi/v1.1/flowDetails"
LOCATION = "api/openapi/v2/location"


@pytest.fixture
def one(corporations):
    corporations.config["accounts"] = corporations.config["accounts"][:1]
    corporations.names = corporations.names[:1]
    return corporations


def test_each_type_of_documents_is_asked_for_and_none_asks_for_active(one):
    one.run("documents")
    calls = one.calls(DOCUMENTS)
    assert {call.params["type"] for call in calls} == set(TYPES)
    assert not any("active" in call.params for call in calls)
    assert {call.params["orderBy"] for call in calls} == {"updateTime"}


def test_types_can_be_chosen(one):
    messages = one.run("documents", document_types=["loan"])
    assert {record["formType"] for record in messages.records("documents")} == {"loan"}


def test_deleted_documents_come_in_both_lists(one):
    messages = one.run("documents", "deleted_documents")
    documents = messages.latest("documents", one.names[0])
    deleted = {key for key, record in documents.items() if not record["active"]}
    assert deleted
    assert set(messages.latest("deleted_documents", one.names[0])) == deleted


def test_a_deleted_document_has_no_details_and_is_no_failure(one):
    messages = one.run("documents", "document_details")
    asked = {call.params["flowId"] for call in one.calls(DETAILS)}
    came = set(messages.latest("document_details", one.names[0]))
    assert asked - came
    assert "failures" not in messages.partition("document_details", one.names[0])


def test_a_requisition_that_two_share_comes_once(one):
    messages = one.run("requisitions")
    ids = [record["id"] for record in messages.records("requisitions")]
    assert len(ids) == len(set(ids))
    data = one.simulated.dataset(one.names[0], "requisitions")
    assert max(len(data.entity.people(data, row)) for row in data.rows()) == 2


def test_business_objects_are_those_of_the_setting(one, caplog):
    messages = one.run("data_link_items", entity_ids=[ENTITIES[0]])
    assert {r["entityId"] for r in messages.records("data_link_items")} == {ENTITIES[0]}
    one.run("data_link_items", fails=True)
    assert "set entity_ids" in caplog.text


def test_forms_stay_as_they_are_with_amounts_exact(one):
    (document, *_) = one.run("documents").records("documents")
    form = document["form"]
    assert form["repaymentDate"] == 9_007_199_254_740_991
    assert form["u_差旅类型"] == "国内"
    assert isinstance(form["payMoney"]["standard"], str)


def test_a_corporation_is_read_where_it_lives_today(one, monkeypatch):
    """The look-up at its edition's address tells where; one that fails changes nothing."""
    monkeypatch.setitem(EDITIONS, "feishu", one.config.pop("base_url"))
    monkeypatch.setattr(EkuaibaoClient, "base_url", "https://unused.example")
    one.config["accounts"] = [{**one.config["accounts"][0], "edition": "feishu"}]
    messages = one.run("fee_types", "roles", "specifications")
    assert messages.records("roles")
    assert len(one.calls(LOCATION)) == 1

    def closed(call, reply):
        return Reply(b"{}", 404, "rejected") if call.api == LOCATION else reply

    one.change_answers(closed)
    assert one.run("fee_types").records("fee_types")


def test_an_address_that_is_set_is_kept_to(one):
    assert one.run("fee_types").records("fee_types")
    assert one.calls(LOCATION) == []


def test_keys_of_another_corporation_are_told(one, caplog):
    def change(call, reply):
        if not one.simulated.grants(call):
            return reply
        told = {"accessToken": "x", "expireTime": 4_102_444_800_000, "corporationId": "another"}
        return json_reply({"value": told})

    one.change_answers(change)
    one.run("fee_types", fails=True)
    assert "the keys belong to corporation another" in caplog.text
