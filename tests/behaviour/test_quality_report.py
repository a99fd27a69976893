from collections.abc import Mapping
from typing import Any

import pytest
from pytest_bdd import parsers, scenarios, then, when

from tests.behaviour.driver import Driver

scenarios("quality_report.feature")


@pytest.fixture
def reports() -> list[Mapping[str, Any]]:
    return []


@when("the report is read")
def the_report_is_read(driver: Driver, reports: list[Mapping[str, Any]]) -> None:
    reports.append(driver.quality())


@when("Globex reads the report")
def globex_reads_the_report(driver: Driver, reports: list[Mapping[str, Any]]) -> None:
    reports += driver.service.quality(driver.key("Globex")).json()["namespaces"]


@then(parsers.parse("it tells of {number:d} questions, half of them answered from memory"))
def it_tells_of_questions(reports: list[Mapping[str, Any]], number: int) -> None:
    assert (reports[0]["requests"], reports[0]["hit_rate"]) == (number, 0.5)


@then(parsers.parse("it promises that at most {percent:d} % are answered wrongly"))
def it_promises(reports: list[Mapping[str, Any]], percent: int) -> None:
    assert reports[0]["budget"] == percent / 100
    assert reports[0]["expected_wrong_rate"] < 1


@then(parsers.parse("it tells what memory would answer if {percent:d} % might be wrong"))
def it_tells_of_another_budget(reports: list[Mapping[str, Any]], percent: int) -> None:
    rates = {each["budget"]: each["hit_rate"] for each in reports[0]["at_other_budgets"]}
    assert 0 <= rates[0.0025] <= rates[percent / 100] <= 1


@then("it says that no check has been made yet")
def no_check_has_been_made(reports: list[Mapping[str, Any]]) -> None:
    assert reports[0]["measured_wrong_rate"]["checks"] == 0


@then(parsers.parse('its nearest miss is "{asked}" because of {difference}'))
def its_nearest_miss_is(reports: list[Mapping[str, Any]], asked: str, difference: str) -> None:
    (miss,) = reports[0]["nearest_misses"]
    assert (miss["asked"], miss["reason"]) == (asked, "different")
    assert difference in miss["differences"]


@then("it says that the budget is exceeded")
def the_budget_is_exceeded(reports: list[Mapping[str, Any]]) -> None:
    assert reports[0]["breached"]


@then("it tells of nothing")
def it_tells_of_nothing(reports: list[Mapping[str, Any]]) -> None:
    assert reports == []
