from pytest_bdd import given, parsers, scenarios, then

from tests.behaviour.conftest import Story
from tests.behaviour.driver import Driver
from tests.upstream import openai_answer

scenarios("trusted_hits.feature")


@given("the model gives everyone the same answer")
def the_model_gives_everyone_the_same_answer(driver: Driver) -> None:
    driver.model_replies(openai_answer("You will find it under Orders."))


@then(parsers.parse("the asker sees that they differ in {what}"))
def they_differ_in(story: Story, what: str) -> None:
    assert what in story.reply.differences


@then(parsers.parse("the asker sees that it is at least {least:d} % sure"))
def it_is_sure(story: Story, least: int) -> None:
    assert (story.reply.probability or 0) >= least / 100


@then("memory has learnt that the two share an answer")
def they_share_an_answer(driver: Driver) -> None:
    assert driver.soon(lambda: driver.quality()["labels"]["misses_agreed"] == 1)


@then("memory has learnt that the two do not share an answer")
def they_do_not_share_an_answer(driver: Driver) -> None:
    assert driver.soon(lambda: driver.quality()["labels"]["misses_differed"] == 1)
