"""The signature, against clients that others wrote: Taobao's own SDK, and one for 奇门."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given, strategies as st
from sandbox.platforms.taobao import sign as sandbox_sign
from tap_taobao.client import sign
from wdtqm import WdtQimenSDK

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it was written for older Pythons
    from top.api.base import sign as official_sign

TEXT = st.text('aB9 红é壳&=+/%*~"{}\n', min_size=1, max_size=20)
NAMES = st.text("aZ_09xyz", min_size=1, max_size=8)
SECRET = "helloworld"


@given(st.dictionaries(NAMES, TEXT, max_size=6))
def test_any_text_is_signed_as_the_official_sdk_does(parameters):
    parameters = {**parameters, "sign_method": "md5"}
    assert sign(parameters, SECRET) == official_sign(SECRET, parameters)
    shuffled = dict(reversed(parameters.items()))
    assert sign(shuffled, SECRET) == official_sign(SECRET, parameters)


@given(st.dictionaries(NAMES, TEXT, max_size=6))
def test_calls_of_scenarios_are_signed_as_their_sdk_does(parameters):
    other = WdtQimenSDK("1", SECRET, "2", "3", "a:b", "c", "http://127.0.0.1")
    parameters = {**parameters, "sign_method": "md5"}
    assert sign(parameters, SECRET) == other.generate_qimen_signature(parameters)


@pytest.mark.parametrize("method", ["md5", "hmac", "hmac-sha256"])
@given(st.dictionaries(NAMES, TEXT, max_size=6))
def test_it_agrees_with_the_sandbox(method, parameters):
    parameters = {**parameters, "sign_method": method}
    assert sign(parameters, SECRET) == sandbox_sign({**parameters, "sign": "x"}, SECRET)
