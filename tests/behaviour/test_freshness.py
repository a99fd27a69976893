from pytest_bdd import given, parsers, scenarios, then

from tests.behaviour.conftest import Story
from tests.behaviour.driver import Driver

scenarios("freshness.feature")


@given("answers are fresh for an hour, and for a minute more while a fresh one is fetched")
def the_lifetime_is_as_promised(driver: Driver) -> None:
    settings = driver.service.container.settings().answer_cache
    assert (settings.ttl, settings.grace) == (3600, 60)


@given(parsers.parse('the question "{question}" was answered {seconds:d} seconds ago'))
def was_answered_long_ago(driver: Driver, question: str, seconds: int) -> None:
    assert driver.ask(question).kind == "model"
    driver.pass_time(seconds)


@given(parsers.parse('"{question}" was answered, good for {seconds:d} seconds'))
def was_answered_for_a_while(driver: Driver, question: str, seconds: int) -> None:
    assert driver.ask(question, ttl=seconds).kind == "model"


@given(parsers.parse("it was asked again every {seconds:d} seconds, {number:d} times"))
def it_was_asked_again(driver: Driver, seconds: int, number: int) -> None:
    for _ in range(number):
        driver.pass_time(seconds)
        driver.ask("Who is on call?")


@then("the answer that comes back is the second one")
def the_second_answer_comes_back(story: Story) -> None:
    assert story.reply.text == "Answer 2."


@then(parsers.parse('soon "{question}" is remembered with the second answer'))
def soon_it_is_renewed(driver: Driver, question: str) -> None:
    assert driver.soon(lambda: driver.remembers(question) == "Answer 2.")
