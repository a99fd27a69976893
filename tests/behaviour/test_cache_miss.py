from pytest_bdd import given, parsers, scenarios, then

from tests.behaviour.driver import Driver
from tests.upstream import openai_answer

scenarios("cache_miss.feature")


@given("the model stops in the middle of its answer, at the length allowed")
def it_stops_at_the_length_allowed(driver: Driver) -> None:
    driver.model_replies(openai_answer("Once upon a", "length"))


@given("the model answers nothing at all")
def it_answers_nothing(driver: Driver) -> None:
    driver.model_replies(openai_answer(""))


@given("the line to the model breaks in the middle of its answer")
def the_line_breaks(driver: Driver) -> None:
    driver.model_replies(openai_answer("Once upon a time").cut(after=3))


@then(parsers.parse("the model was told to stop after {tokens:d} tokens"))
def it_was_told_to_stop(driver: Driver, tokens: int) -> None:
    heard = driver.model_heard()
    assert tokens in {heard.get("max_tokens"), heard.get("max_completion_tokens")}
