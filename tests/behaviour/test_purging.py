from pytest_bdd import given, parsers, scenarios, then, when

from tests.behaviour.conftest import Story, selected
from tests.behaviour.driver import Driver

scenarios("purging.feature")

REMEMBERED: dict[str, dict[str, str]] = {}
"""How each question of the background is asked, by its text."""


@given("these questions were answered")
def these_were_answered(driver: Driver, datatable: list[list[str]]) -> None:
    head, *rows = datatable
    for row in rows:
        given = dict(zip(head, row, strict=True))
        asked = {name: given[name] for name in ("model", "namespace") if given[name]}
        REMEMBERED[given["question"]] = asked
        driver.ask(given["question"], tags=[given["tag"]], **asked)


@when(parsers.parse('the answer to "{question}" is purged'))
def one_answer_is_purged(driver: Driver, question: str) -> None:
    entry = driver.ask(question, **REMEMBERED[question]).entry
    assert entry
    assert driver.purge_entry(entry).trouble is None


@when(parsers.re(r"it is rehearsed to purge the answers (?P<selection>.+)"))
def a_purge_is_rehearsed(driver: Driver, story: Story, selection: str) -> None:
    story.purged = driver.purge(**selected(selection), dry_run=True)


@given(parsers.parse('somebody is waiting for the answer to "{question}"'))
def somebody_is_waiting(driver: Driver, question: str) -> None:
    driver.start_asking(question)


@given(parsers.parse('"{question}" was answered from the documentation'))
def was_answered_from_the_documentation(driver: Driver, question: str) -> None:
    assert driver.ask(question, provider="extractive").kind == "model"


@when("all answers are purged before the model has answered")
def purged_before_the_model_has_answered(driver: Driver) -> None:
    driver.purge()
    (reply,) = driver.hear()
    assert reply.text


@then(parsers.parse("it is told that {number:d} answers would go"))
def so_many_would_go(story: Story, number: int) -> None:
    assert story.purged == number


@then(parsers.parse("these are still remembered: {questions}"))
def these_are_still_remembered(driver: Driver, questions: str) -> None:
    wanted = questions.split(", ")
    assert driver.count() == len(wanted)
    assert all(driver.remembers(each, **REMEMBERED.get(each, {})) for each in wanted)


@then(parsers.parse('"{question}" is forgotten'))
def it_is_forgotten(driver: Driver, question: str) -> None:
    assert driver.remembers(question, **REMEMBERED[question]) is None
