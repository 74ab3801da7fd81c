"""`prefect.yaml` says what there is: flows that exist, parameters they take, schedules that can be read, no limits."""

import inspect
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

FILE = Path(__file__).parent.parent.parent / "prefect.yaml"
SAID = yaml.safe_load(FILE.read_text(encoding="utf-8"))
DEPLOYMENTS: Mapping[str, Mapping[str, Any]] = {one["name"]: one for one in SAID["deployments"]}


def flow_of(deployment: Mapping[str, Any]) -> Any:
    from prefect.flows import load_flow_from_entrypoint

    return load_flow_from_entrypoint(deployment["entrypoint"])


def test_all_works_are_deployed_to_one_pool_and_nothing_is_fetched() -> None:
    assert list(DEPLOYMENTS) == ["monitor", "deliver", "digest", "seal", "adopt", "backup"]
    assert {one["work_pool"]["name"] for one in DEPLOYMENTS.values()} == {"tracker"}
    assert SAID["pull"] == []


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployment_names_a_flow_and_parameters_it_takes(name: str) -> None:
    flow, given = flow_of(DEPLOYMENTS[name]), DEPLOYMENTS[name].get("parameters", {})
    assert flow.name == name
    flow.validate_parameters(given)
    needed = {
        parameter.name
        for parameter in inspect.signature(flow.fn).parameters.values()
        if parameter.default is inspect.Parameter.empty
    }
    assert needed <= set(given)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_schedule_can_be_read_and_comes_in_time(name: str) -> None:
    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule

    slugs = []
    for said in DEPLOYMENTS[name]["schedules"]:
        slugs.append(said["slug"])
        if "cron" in said:
            assert CronSchedule(cron=said["cron"], timezone=said["timezone"]).timezone == "Asia/Ho_Chi_Minh"
        else:
            anchor = datetime.fromisoformat(said["anchor_date"])
            assert IntervalSchedule(interval=timedelta(seconds=said["interval"]), anchor_date=anchor).interval
    assert len(set(slugs)) == len(slugs)  # else one replaces the other


def test_deliveries_begin_at_every_quarter_of_a_minute() -> None:
    works = [DEPLOYMENTS["monitor"], DEPLOYMENTS["deliver"]]
    begins = [datetime.fromisoformat(said["anchor_date"]).second for one in works for said in one["schedules"]]
    assert begins == [0, 15, 30, 45]


def test_no_slot_of_a_killed_run_can_keep_the_next_from_working() -> None:
    assert not [name for name, one in DEPLOYMENTS.items() if "concurrency_limit" in one]
