"""Clients that others wrote, against the sandbox: they know the platforms, not us.

They run when they are installed: `uv pip install kwaixiaodian wechatpy alibabacloud-dingtalk lark-oapi`.
"""

from __future__ import annotations

import json
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


def test_the_official_feishu_client_reads_members_forms_and_tables(box):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own dependencies
        import lark_oapi as lark
        from lark_oapi.api.approval import v4 as approval
        from lark_oapi.api.bitable import v1 as bitable
        from lark_oapi.api.contact import v3 as contact
        from lark_oapi.core.utils.decryptor import AESCipher

    config = box.config("feishu")
    account = config["accounts"][0]
    builder = lark.Client.builder().app_id(account["app_id"]).app_secret(account["app_secret"])
    builder._config.domain = config["base_url"]  # its own setter refuses a path
    client = builder.build()

    def truth(stream):
        return {row.key for row in box.truth("feishu", account["id"], stream)}

    ask = contact.FindByDepartmentUserRequest.builder().department_id("0").page_size(50)
    ask = ask.department_id_type("open_department_id").user_id_type("open_id")
    members = client.contact.v3.user.find_by_department(ask.build())
    assert members.success(), members.msg
    assert {member.open_id for member in members.data.items} <= truth("users")

    form = approval.ListInstanceRequest.builder().approval_code(account["approval_codes"][0])
    end = NOW * 1000
    found = set()
    for back in range(15):
        span = form.start_time(str(end - (back + 1) * 36_000_000)).end_time(
            str(end - back * 36_000_000)
        )
        listed = client.approval.v4.instance.list(span.page_size(100).build())
        assert listed.success(), listed.msg
        found |= set(listed.data.instance_code_list)
    assert found <= truth("approvals")
    one = approval.GetInstanceRequest.builder().instance_id(min(found)).build()
    assert client.approval.v4.instance.get(one).data.status in {"PENDING", "APPROVED", "REJECTED"}

    app, _, table = account["tables"][0].partition("/")
    search = bitable.SearchAppTableRecordRequest.builder().app_token(app).table_id(table)
    body = bitable.SearchAppTableRecordRequestBody.builder().automatic_fields(True).build()
    rows = client.bitable.v1.app_table_record.search(
        search.page_size(500).request_body(body).build()
    )
    assert {f"{app}/{table}:{row.record_id}" for row in rows.data.items} == {
        key for key in truth("bitable_records") if key.startswith(f"{app}/{table}:")
    }
    assert rows.data.total == len(rows.data.items)

    gate = box.world.platform("feishu").announcer
    letter = gate.seal("sandboxtenant0001", {"schema": "2.0"}, 0, NOW)
    key = gate.gates(["sandboxtenant0001"])["feishu/sandboxtenant0001"]["encrypt_key"]
    encrypted = json.loads(letter.body)["encrypt"]
    assert json.loads(AESCipher(key).decrypt_str(encrypted)) == {"schema": "2.0"}

    missing = approval.GetInstanceRequest.builder().instance_id("nobody").build()
    assert client.approval.v4.instance.get(missing).code == 1390003
