from pytest_bdd import given, parsers, scenarios, then

from tests.behaviour.driver import Driver

scenarios("outage.feature")

PARTS = {
    "the answer cache": ("stored_answers", "answer_cache"),
    "the vector index": ("vector_index", "vector_index"),
    "the embedder": ("embedder", "embedder"),
}
"""Each part as the container calls it, and as the service does."""


@given(parsers.re(r"(?P<part>the [a-z ]+) is away"))
def a_part_is_away(driver: Driver, part: str) -> None:
    driver.break_part(PARTS[part][0])


@given(parsers.parse('the answer cache was away when "{question}" was asked'))
def it_was_away_for_a_while(driver: Driver, question: str) -> None:
    driver.break_part("stored_answers")
    assert driver.ask(question).reason == "memory_failed"
    driver.mend("stored_answers")


@given("the model is down")
def the_model_is_down(driver: Driver) -> None:
    driver.model_is_down()


@given(parsers.parse("the model has been down ever since, for {seconds:d} seconds"))
def the_model_has_been_down(driver: Driver, seconds: int) -> None:
    driver.model_is_down()
    driver.pass_time(seconds)


@given("the model is back")
def the_model_is_back(driver: Driver) -> None:
    driver.model_answers()


@then(parsers.parse("the service says that {part} is away"))
def the_service_says_so(driver: Driver, part: str) -> None:
    assert driver.complaints() == [PARTS[part][1]]


@then("the service says that all is well")
def all_is_well(driver: Driver) -> None:
    assert driver.complaints() == []
