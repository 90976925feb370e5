"""The signature: the official example, and a client that others wrote, against the sandbox too."""

from __future__ import annotations

from hypothesis import given, strategies as st
from pddsdk.client import Client
from sandbox.platforms.pinduoduo import CLIENT_ID, CLIENT_SECRET
from tap_pinduoduo.client import sign

OFFICIAL = {
    "access_token": "asd78172s8ds9a921j9qqwda12312w1w21211",
    "client_id": "1",
    "data_type": "XML",
    "order_status": "1",
    "page": "1",
    "page_size": "10",
    "timestamp": "1480411125",
    "type": "pdd.order.number.list.get",
}


def test_the_official_example():
    assert sign(OFFICIAL, "testSecret") == "E4DE3ED21002510DED352819E7AE6775"


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,12}", fullmatch=True).filter(lambda name: name != "sign"),
        st.text(st.characters(codec="utf-8"), min_size=1),
    ),
    st.text(st.characters(codec="ascii"), min_size=1),
)
def test_it_agrees_with_pddsdk_on_any_text(parameters, secret):
    assert sign(parameters, secret) == Client("1", secret)._create_sign(parameters)


def test_what_pddsdk_signs_is_accepted_by_the_sandbox(shops):
    """Its own clock writes milliseconds, as the platform took them in 2018."""
    url = f"{shops.box.base_url(shops.slug)}/api/router"
    client = Client(CLIENT_ID, CLIENT_SECRET, url=url)
    common = {"timestamp": str(int(shops.box.world.clock.now())), "data_type": "JSON"}
    name = shops.names[0]
    grant = {"type": "pdd.pop.auth.token.refresh", "refresh_token": f"sandbox-refresh-{name}-1"}
    token = client.call(common | grant)["pop_auth_token_refresh_response"]["access_token"]
    asked = {"type": "pdd.goods.list.get", "access_token": token, "page": 1, "page_size": 100}
    goods = client.call(common | asked)["goods_list_get_response"]["goods_list"]
    truth = {row.key for row in shops.box.truth(shops.slug, name, "items")}
    assert {str(one["goods_id"]) for one in goods} == truth
