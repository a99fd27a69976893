from decimal import Decimal

import pytest
from attrs import define
from pytest_bdd import given, parsers, scenarios, then, when

from domain.metering import Consumption
from tests.behaviour.conftest import Story
from tests.behaviour.driver import US, Driver
from tests.upstream import events

scenarios("cost_and_savings.feature")

GRACE = 3630
"""Seconds after which an answer is in its grace."""


@define
class Books:
    """The model that an example is about, and what the operator found."""

    model: str = ""
    found: Consumption | None = None


@pytest.fixture
def books() -> Books:
    return Books()


@given("a model takes 2 dollars for reading a million tokens, and 10 for writing them")
def a_model_with_a_price(books: Books) -> None:
    books.model = "priced"


@given("a model takes nothing")
def a_free_model(books: Books) -> None:
    books.model = "free"


@given("nobody knows what a model takes")
def a_model_without_a_price(books: Books) -> None:
    books.model = "obscure"


@given("it takes 1 dollar for a million tokens that it had read before, which are 10 of 11")
def it_had_read_most_of_it(driver: Driver) -> None:
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 10}}
    said = {"choices": [{"delta": {"content": "An answer."}, "finish_reason": "stop"}], "usage": usage}
    driver.model_replies(events(said))


@given(parsers.parse('this model was asked "{question}"'))
@when(parsers.parse('this model is asked "{question}"'))
def it_is_asked(driver: Driver, story: Story, books: Books, question: str) -> None:
    story.replies.append(driver.ask(question, model=books.model))


@when(parsers.parse('two people ask this model "{question}" at once'))
def two_ask_at_once(driver: Driver, story: Story, books: Books, question: str) -> None:
    story.replies += driver.ask_together(*[{"question": question, "model": books.model}] * 2)


@given(parsers.parse('this model was asked "{question}" three times'))
def it_was_asked_three_times(driver: Driver, books: Books, question: str) -> None:
    kinds = [driver.ask(question, model=books.model).kind for _ in range(3)]
    assert kinds == ["model", "exact hit", "exact hit"]


@given("a remembered answer was served while a fresh one was fetched")
def a_fresh_one_was_fetched(driver: Driver, books: Books) -> None:
    driver.pass_time(GRACE)
    assert driver.ask("What is a ledger?", model=books.model).kind == "stale hit"
    assert driver.model_was_asked() == 2


@when(parsers.re(r"the operator looks into the books(?: of (?P<who>\w+))?"))
def the_operator_looks(driver: Driver, books: Books, who: str | None) -> None:
    books.found = driver.books(who or US)


@then(parsers.parse("the answer cost {dollars} dollars"))
def it_cost(story: Story, dollars: str) -> None:
    assert story.reply.bill["cost_usd"] == dollars


@then(parsers.parse("the answer saved {dollars} dollars"))
def it_saved(story: Story, dollars: str) -> None:
    assert story.reply.bill["saved_usd"] == dollars


@then(parsers.parse("one of the answers cost {dollars} dollars and saved nothing"))
def one_of_them_cost(story: Story, dollars: str) -> None:
    assert bills(story).count((dollars, "0")) == 1


@then(parsers.parse("the other cost nothing and saved {dollars} dollars"))
def the_other_saved(story: Story, dollars: str) -> None:
    assert bills(story).count(("0", dollars)) == 1


@then("what the answer cost is unknown")
def its_cost_is_unknown(story: Story) -> None:
    assert story.reply.bill["cost_usd"] is None


@then("what the answer saved is unknown")
def what_it_saved_is_unknown(story: Story) -> None:
    assert story.reply.bill["saved_usd"] is None


@then("none of its tokens has to be paid")
def none_is_billable(story: Story) -> None:
    assert (story.reply.bill["provider_tokens"], story.reply.bill["billable_tokens"]) == (18, 0)


@then("all of its tokens may have to be paid")
def all_are_billable(story: Story) -> None:
    assert story.reply.bill["billable_tokens"] == 18


@then(parsers.re(r"(?P<answers>\d+) answers were served, for (?P<calls>\d+) calls? that cost (?P<dollars>\S+) dollars"))
def so_much_was_booked(books: Books, answers: str, calls: str, dollars: str) -> None:
    assert books.found
    assert (books.found.answers, books.found.calls, books.found.spent) == (int(answers), int(calls), Decimal(dollars))


@then(parsers.parse("memory saved {dollars} dollars"))
def memory_saved(books: Books, dollars: str) -> None:
    assert books.found
    assert books.found.savings.net == Decimal(dollars)


def bills(story: Story) -> list[tuple[str, str]]:
    return [(each.bill["cost_usd"], each.bill["saved_usd"]) for each in story.replies]
