"""易快报: tokens, pages, windows, `active` in three ways and refusals, over HTTP."""

from __future__ import annotations

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings
from sandbox.clock import beijing

NOW = 1_795_254_000
CORPORATION = "sandboxcorp0001"
KEYS = {"appKey": f"sandbox-key-{CORPORATION}", "appSecurity": f"sandbox-secret-{CORPORATION}"}
DOCUMENTS = "v1.1/docs/getApplyList"
PAGE = {"start": 0, "count": 100}
CLAIMS = {**PAGE, "type": "expense", "orderBy": "updateTime", "orderByType": "asc"}


class Corporation:
    """A client of one corporation."""

    def __init__(self, box):
        self.base = f"{box.base_url('ekuaibao')}/api/openapi"
        self.token = self.login(**KEYS).json()["value"]["accessToken"]

    def login(self, **keys):
        return requests.post(f"{self.base}/v1/auth/getAccessToken", json=keys, timeout=5)

    def get(self, path, token=None, **params):
        query = {"accessToken": token or self.token, **params}
        return requests.get(f"{self.base}/{path}", params=query, timeout=5)

    def items(self, path, **params):
        return self.get(path, **params).json()["items"]


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(size=300, limits=False, clock=ManualClock(NOW))) as running:
        yield running


@pytest.fixture
def corporation(box):
    return Corporation(box)


def test_a_token_lives_two_hours_and_tells_when_it_ends(box, corporation):
    value = corporation.login(**KEYS).json()["value"]
    assert value["expireTime"] == (NOW + 7200) * 1000
    assert value["corporationId"] == CORPORATION
    box.advance(7200)
    late = corporation.get("v1/feeTypes")
    assert (late.status_code, late.json()["errorMessage"]) == (403, "未授权")


def test_wrong_keys_are_403(corporation):
    wrong = corporation.login(**{**KEYS, "appSecurity": "x"})
    assert (wrong.status_code, wrong.json()["errorMessage"]) == (403, "密钥无效")


def test_pages_end_with_an_empty_one(corporation):
    first = corporation.get("v1.1/staffs", start=0, count=50).json()
    beyond = corporation.get("v1.1/staffs", start=first["count"], count=50).json()
    assert (len(first["items"]), beyond) == (50, {"count": first["count"], "items": []})


@pytest.mark.parametrize(
    ("path", "params", "status", "told"),
    [
        (DOCUMENTS, {**CLAIMS, "count": 101}, 400, "count参数不能大于100"),
        ("v1.1/staffs", {**PAGE, "count": 101}, 412, "超过最大查询数量100！"),
        ("v1.1/staffs", {"start": 0}, 400, "缺少count参数"),
        (DOCUMENTS, {**CLAIMS, "type": "other"}, 400, "参数type无法识别"),
        ("v2.1/payeeInfos", {**PAGE, "ids": "", "names": ""}, 404, "Not Found"),
        ("v1/no/such", {}, 404, "Not Found"),
        ("v1.1/flowDetails", {"flowId": "ID_01$v999999"}, 412, "单据不存在"),
    ],
)
def test_refusals(corporation, path, params, status, told):
    answer = corporation.get(path, **params)
    assert answer.status_code == status
    assert told in answer.json()["errorMessage"]


def test_active_has_three_meanings(corporation):
    ids = {
        meaning: {row["id"] for row in corporation.items(DOCUMENTS, **CLAIMS, **given)}
        for meaning, given in {
            "all": {},
            "active": {"active": "true"},
            "deleted": {"active": "false"},
            "empty": {"active": ""},
        }.items()
    }
    assert ids["all"] == ids["active"] | ids["deleted"]
    assert ids["active"] & ids["deleted"] == set()
    assert ids["empty"] == ids["deleted"] != set()


def test_windows_are_compared_by_milliseconds(corporation):
    row = next(r for r in corporation.items(DOCUMENTS, **CLAIMS) if r["updateTime"] % 1000)
    second = row["updateTime"] // 1000

    def listed(low, high):
        window = {"startDate": beijing(low * 1000), "endDate": beijing(high * 1000)}
        return row["id"] in {r["id"] for r in corporation.items(DOCUMENTS, **CLAIMS, **window)}

    assert listed(second, second + 1)
    assert not listed(second - 1, second)


def test_a_deleted_document_has_no_details(corporation):
    gone = corporation.items(DOCUMENTS, **CLAIMS, active="false")[0]["id"]
    assert corporation.get("v1.1/flowDetails", flowId=gone).json()["errorMessage"] == "单据已删除"
    alive = corporation.items(DOCUMENTS, **CLAIMS, active="true")[0]["id"]
    value = corporation.get("v1.1/flowDetails", flowId=alive).json()["value"]
    assert value["form"]["details"][0]["feeType"]["name"]


def test_requisitions_are_posted_for_and_come_with_each_who_shares_them(corporation):
    staff = [row["id"] for row in corporation.items("v1.1/staffs", **PAGE)]
    query = {"accessToken": corporation.token, **PAGE, "state": "ALL", "staffId": staff[0]}
    url = f"{corporation.base}/v1/requisition/getData"
    assert requests.get(url, params=query, timeout=5).status_code == 404
    assert requests.post(url, params=query, timeout=5).json()["count"] >= 0


def test_the_address_is_told_without_a_token(box, corporation):
    url = f"{corporation.base}/v2/location"
    told = requests.get(url, params={"corpId": CORPORATION}, timeout=5).json()["value"]
    assert told == f"{box.base_url('ekuaibao')}/"
