"""The SDK's standard suite for taps, and the command line as Meltano runs it."""

from __future__ import annotations

import json

import pytest
from openplatform.testing import catalog_selecting, run_process
from sandbox import Sandbox, SandboxSettings
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from singer_sdk.testing.runners import TapTestRunner
from tap_kuaishou_shop.tap import TapKuaishouShop

from .conftest import SLUG

CONFIG = {
    "app_key": "ks",
    "app_secret": "sandboxAppSecret01",
    "sign_secret": "sandboxSignSecret01",
    "accounts": [{"id": "12342323"}],
}
SETTINGS = SandboxSettings(size=60, accounts=1, limits=False, history_days=4)


BASE = get_tap_test_class(
    TapKuaishouShop, config=CONFIG, catalog=catalog_selecting(TapKuaishouShop, CONFIG)
)


# Platforms leave out what is empty; the schema knows it all the same.
@pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records")
class TestSuite(BASE):  # type: ignore[misc, valid-type]
    @pytest.fixture(scope="class")
    @classmethod
    def runner(cls, tmp_path_factory):
        with Sandbox(SETTINGS) as box:
            config = {
                **box.config(SLUG),
                "token_store": str(tmp_path_factory.mktemp("tokens")),
                "start_date": "2026-11-01",
                "retry_wait": 0.001,  # bill files are ready when asked for the third time
            }
            runner = TapTestRunner(
                TapKuaishouShop,
                config=config,
                suite_config=SuiteConfig(max_records_limit=None),
                catalog=catalog_selecting(TapKuaishouShop, config),
            )
            runner.sync_all()
            yield runner


@pytest.fixture
def config(tmp_path):
    with Sandbox(SETTINGS) as box:
        yield {**box.config(SLUG), "token_store": str(tmp_path), "start_date": "2026-11-01"}


def test_the_command_reads_and_ends_with_zero(config):
    result = run_process(TapKuaishouShop, config, select=["orders", "shops"])
    assert result.code == 0, result.log
    assert len(result.messages.records("orders")) == 60
    assert "Traceback" not in result.log


def test_the_command_fails_in_one_line_without_a_traceback(config):
    result = run_process(
        TapKuaishouShop, {**config, "app_secret": "wrong-secret"}, select=["shops"]
    )
    assert result.code == 1
    assert "check app_key and app_secret" in result.log
    assert "Traceback" not in result.log


def test_the_catalog_tells_keys_and_modes(tap):
    streams = {entry["tap_stream_id"]: entry for entry in tap.catalog_dict["streams"]}
    assert streams["orders"]["key_properties"] == ("_account", "oid")
    assert streams["orders"]["replication_key"] == "_bookmark"
    assert streams["item_skus"]["key_properties"] == ("_account", "kwaiSkuId")
    assert "replication_key" not in streams["items"]
    assert "x-" not in json.dumps(streams["orders"]["schema"])
