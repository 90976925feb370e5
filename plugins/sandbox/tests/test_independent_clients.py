"""Clients that others wrote, against the sandbox: they know the platforms, not us.

They run when they are installed: `uv pip install kwaixiaodian wechatpy alibabacloud-dingtalk`.
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


def test_the_official_dingtalk_client_reads_forms_and_rosters(box):
    from alibabacloud_dingtalk.hrm_1_0 import client as hrm, models as hrm_models
    from alibabacloud_dingtalk.oauth2_1_0 import client as oauth, models as oauth_models
    from alibabacloud_dingtalk.workflow_1_0 import client as workflow, models
    from alibabacloud_tea_openapi.models import Config
    from alibabacloud_tea_util.models import RuntimeOptions

    config = box.config("dingtalk")
    account = config["accounts"][0]
    place = Config(protocol="http", endpoint=config["base_url"].removeprefix("http://"))
    asked = oauth_models.GetAccessTokenRequest(account["client_id"], account["client_secret"])
    token = oauth.Client(place).get_access_token(asked).body.access_token

    forms = workflow.Client(place)
    headers = models.ListProcessInstanceIdsHeaders(x_acs_dingtalk_access_token=token)
    query = models.ListProcessInstanceIdsRequest(
        process_code=account["process_codes"][0],
        start_time=(NOW - 6 * 86_400) * 1000,
        end_time=NOW * 1000,
        next_token=0,
        max_results=20,
    )
    found = forms.list_process_instance_ids_with_options(query, headers, RuntimeOptions())
    known = {row.key for row in box.truth("dingtalk", account["id"], "approvals")}
    assert found.body.success
    assert len(found.body.result.list) > 10
    assert set(found.body.result.list) <= known
    detail = forms.get_process_instance_with_options(
        models.GetProcessInstanceRequest(process_instance_id=found.body.result.list[0]),
        models.GetProcessInstanceHeaders(x_acs_dingtalk_access_token=token),
        RuntimeOptions(),
    )
    assert detail.body.result.status in {"RUNNING", "COMPLETED", "TERMINATED"}
    assert detail.body.result.form_component_values[0].name == "金额"

    roster = hrm.Client(place).query_dismission_staff_id_list_with_options(
        hrm_models.QueryDismissionStaffIdListRequest(next_token=0, max_results=3),
        hrm_models.QueryDismissionStaffIdListHeaders(x_acs_dingtalk_access_token=token),
        RuntimeOptions(),
    )
    assert (len(roster.body.user_id_list), roster.body.has_more) == (3, True)

    headers.x_acs_dingtalk_access_token = "mistyped"
    with pytest.raises(Exception, match="InvalidAuthentication"):
        forms.list_process_instance_ids_with_options(query, headers, RuntimeOptions())
