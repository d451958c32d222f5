"""The record of a run."""

import json

from semclip.core.run_info import run_info


def test_record_is_json_and_holds_what_a_repeat_needs() -> None:
    record = run_info(seed=3, data_sha256={"x": "ab"})
    assert json.loads(json.dumps(record)) == record
    assert record["seed"] == 3
    assert record["data_sha256"] == {"x": "ab"}
    assert record["versions"]["numpy"] != "not installed"
    assert {"command", "started", "git", "python", "platform", "cpu_count"} <= set(record)
