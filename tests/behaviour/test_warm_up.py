import re

from pytest_bdd import given, parsers, scenarios, then, when

from tests.behaviour.conftest import Story
from tests.behaviour.driver import Driver, WarmUp

scenarios("warm_up.feature")

Table = list[list[str]]


@given("these answers were given", target_fixture="warm_up")
@when("these answers are given", target_fixture="warm_up")
@given("these questions were handed in", target_fixture="warm_up")
def these_are_given(driver: Driver, datatable: Table) -> WarmUp:
    return driver.warm_up(lines(datatable))


@when("these answers are given to replace others", target_fixture="warm_up")
def these_are_given_to_replace_others(driver: Driver, datatable: Table) -> WarmUp:
    return driver.warm_up(lines(datatable), replace=True)


@then(parsers.parse('the answer is "{text}"'))
def the_answer_is(story: Story, text: str) -> None:
    assert story.reply.text == text


@then(parsers.parse('"{question}" is answered "{text}"'))
def is_answered(driver: Driver, question: str, text: str) -> None:
    assert driver.remembers(question) == text


@then(parsers.re(r"(?P<number>\d+) of them was (?P<fate>\w+)"))
def was_its_fate(warm_up: WarmUp, number: str, fate: str) -> None:
    assert warm_up.tally[fate] == int(number)


@then(parsers.parse("it is told that line {number:d} has no answer"))
def a_line_has_no_answer(warm_up: WarmUp, number: int) -> None:
    (told,) = warm_up.said
    assert re.match(rf"line {number}: answer: must not be blank", told)


@then("the giver is turned away")
def the_giver_is_turned_away(warm_up: WarmUp) -> None:
    assert warm_up.trouble == "you may not report"


def lines(datatable: Table) -> list[dict[str, object]]:
    """Give what is to be handed in: what a table calls the question, and a tag where there is one."""
    head, *rows = datatable
    named = [dict(zip(head, row, strict=True)) for row in rows]
    return [
        {"query": each.pop("question"), **({"tags": [tag]} if (tag := each.pop("tag", "")) else {}), **each}
        for each in named
    ]
