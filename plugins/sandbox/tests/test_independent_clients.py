"""Clients that others wrote, against the sandbox: they know the platforms, not us.

They run when they are installed: `uv pip install kwaixiaodian wechatpy`.
"""

from __future__ import annotations

import warnings

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings

NOW = 1_795_254_000


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(size=100, clock=ManualClock(NOW), history_days=5)) as running:
        yield running


@pytest.mark.parametrize("method", ["HMAC_SHA256", "MD5"])
def test_requests_signed_by_kwaixiaodian_are_accepted(box, method):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its models warn on import
        from kwaixiaodian.auth.signature import SignatureManager
        from kwaixiaodian.auth.types import AuthConfig, SignMethod

    config = box.config("kuaishou_shop")
    base = config["base_url"]
    account = config["accounts"][0]
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": account["refresh_token"],
        "app_id": config["app_key"],
        "app_secret": config["app_secret"],
    }
    token = requests.post(f"{base}/oauth2/refresh_token", data=fields, timeout=5).json()
    credentials = {name: config[name] for name in ("app_key", "app_secret", "sign_secret")}
    signer = SignatureManager(AuthConfig(**credentials, sign_method=SignMethod[method]))
    param = {
        "orderViewStatus": 1,
        "pageSize": 50,
        "queryType": 2,
        "sort": 2,
        "cursor": "",
        "beginTime": (NOW - 6 * 86_400) * 1000,
        "endTime": NOW * 1000,
    }
    name = "open.order.cursor.list"
    url = f"{base}/open/order/cursor/list"  # its own helper writes /open/open/ and drops our slug
    signed = signer.build_signed_params(
        method=name, access_token=token["access_token"], business_params=param
    )
    answer = requests.get(url, params=signed, timeout=5).json()
    assert answer["result"] == 1
    assert len(answer["data"]["orderList"]) == 50
    signed["sign"] = signed["sign"][::-1]
    assert requests.get(url, params=signed, timeout=5).json()["result"] == 28


def test_wechatpy_reads_the_directory_and_renews_its_token(box):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from wechatpy import enterprise
        from wechatpy.exceptions import WeChatClientException

    config = box.config("wecom")
    base = f"{config['base_url']}/cgi-bin/"
    account = config["accounts"][0]

    class Client(enterprise.WeChatClient):
        API_BASE_URL = base

        def fetch_access_token(self):
            query = {"corpid": self.corp_id, "corpsecret": self.secret}
            return self._fetch_access_token(url=f"{base}gettoken", params=query)

    client = Client(account["id"], account["secret"])
    departments = client.department.get()
    assert {str(one["id"]) for one in departments} == {
        row.key for row in box.truth("wecom", account["id"], "departments")
    }
    found = {user["userid"] for one in departments for user in client.user.list(one["id"])}
    assert found == {row.key for row in box.truth("wecom", account["id"], "users")}
    box.expire_tokens("wecom")
    assert client.user.get(min(found))["userid"] == min(found)
    followers = client.external_contact.get_follow_user_list()["follow_user"]
    assert client.external_contact.list(followers[0])["external_userid"]
    with pytest.raises(WeChatClientException) as caught:
        client.user.get("nobody")
    assert caught.value.errcode == 60111
