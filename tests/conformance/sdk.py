"""The SDK's own suite for taps, over all streams that the simulator can serve."""

from __future__ import annotations

import pytest
from openplatform.testing import catalog_selecting
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from singer_sdk.testing.runners import TapTestRunner
from singer_sdk.testing.suites import tap_stream_attribute_tests

from conformance.facts import Facts
from conformance.reading import SMALL, START
from conformance.trial import Trial, filled


def sdk_suite(facts: Facts) -> type:
    """Return the test class of a tap; name it `TestSdk` in the tap's tests."""
    # The suite reads every stream that there is, selected or not; a schema is tried once.
    kinds = tuple(stream for stream in facts.kinds if stream.shaped_as is None)
    parts = (facts.tap.chosen({**facts.settings, **facts.reading})[0], kinds)
    kind = type(facts.tap.__name__, (facts.tap,), {"chosen": classmethod(lambda *_: parts)})
    base = get_tap_test_class(
        kind,
        config=facts.settings,
        include_stream_attribute_tests=False,  # see below
        catalog=catalog_selecting(kind, facts.settings),
    )

    # Platforms leave out what is empty; the schema knows it all the same.
    @pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records")
    class Suite(base):
        @pytest.fixture(scope="class")
        @classmethod
        def runner(cls, running_sandbox, tmp_path_factory):
            box = filled(running_sandbox, **{**SMALL, **facts.world, "accounts": 1})
            trial = Trial(kind, box, tmp_path_factory.mktemp("suite"), facts.platform)
            kind.clock = trial.clock
            config = {
                **trial.config,
                "start_date": START,
                "end_date": "2026-11-21T17:00:00+08:00",
                "retry_wait": 0.001,
                **facts.reading,
            }
            runner = TapTestRunner(
                kind,
                config=config,
                suite_config=SuiteConfig(max_records_limit=None),
                catalog=catalog_selecting(kind, config),
            )
            runner.sync_all()
            return runner

        def test_attributes_are_what_their_schema_says(self, runner):
            """The SDK's tests of attributes; of its own, all but the first look at the first one's values.

            There are thousands, so that they stand in one test.
            """
            wrong, quiet = [], SuiteConfig(ignore_no_records=True)
            for stream in runner.new_tap().streams.values():
                properties = stream.stream_maps[-1].transformed_schema["properties"]
                for name, schema in properties.items():
                    for trial in tap_stream_attribute_tests.tests:
                        if not trial.evaluate(stream, name, schema):
                            continue
                        try:
                            trial().run(quiet, None, runner, stream, name)
                        except (AssertionError, ValueError, TypeError) as exc:
                            wrong.append(f"{stream.name}.{name}: {trial.name}: {exc}")
            assert wrong == []

    return Suite
