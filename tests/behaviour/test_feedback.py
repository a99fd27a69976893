from pytest_bdd import given, parsers, scenarios, then, when

from tests.behaviour.conftest import Story
from tests.behaviour.driver import Driver

scenarios("feedback.feature")


@given(parsers.re("it was reported that (this|the answer) was (?P<verdict>right|wrong)"))
@when(parsers.re("it is reported that (this|the answer) was (?P<verdict>right|wrong)"))
def it_is_reported(driver: Driver, story: Story, verdict: str) -> None:
    story.replies.append(driver.report(_entry(driver), "How can I reset my password?", correct=verdict == "right"))


@when("Globex reports that the answer was wrong")
def globex_reports(driver: Driver, story: Story) -> None:
    story.replies.append(driver.report(_entry(driver), "How can I reset my password?", correct=False, who="Globex"))


@then(parsers.parse('"{question}" is not remembered any more'))
def is_not_remembered(driver: Driver, question: str) -> None:
    assert driver.remembers(question) is None


@then("the report counts as a wrong answer")
def the_report_counts(driver: Driver) -> None:
    assert driver.quality()["labels"]["reports_wrong"] == 1


def _entry(driver: Driver) -> str:
    reply = driver.ask("How do I reset my password?", memory_only=True)
    assert reply.entry
    return reply.entry
