import time

from pytest_bdd import given, parsers, scenarios, then, when

from tests.behaviour.conftest import Story
from tests.behaviour.driver import Driver
from tests.behaviour.servers import TIMEOUT

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


@given(parsers.re(r"(?P<server>the \w+ server) (?P<trouble>has stopped|hangs|answers slowly|has no room)"))
def a_server_is_in_trouble(driver: Driver, server: str, trouble: str) -> None:
    driver.trouble(server, trouble)


@when(parsers.parse('"{question}" is asked {number:d} times'))
def it_is_asked_several_times(driver: Driver, story: Story, question: str, number: int) -> None:
    story.replies += [driver.ask(question) for _ in range(number)]


@when("all answers are to be purged")
def all_are_to_be_purged(driver: Driver, story: Story) -> None:
    story.replies.append(driver.try_to_purge())


@then(parsers.re(r"the model answers, and nobody waits for the \w+ server"))
def the_model_answers_at_once(story: Story) -> None:
    assert {each.trouble for each in story.replies} == {None}
    assert story.replies[0].kind == "model"
    # Each server may be waited for once or twice, before it is asked no more.
    assert max(each.waited for each in story.replies) < 3 * TIMEOUT


@then(parsers.re(r"when the \w+ server is well again, all is as it was within (?P<seconds>\d+) seconds"))
def all_is_as_it_was(driver: Driver, seconds: str) -> None:
    driver.mend_servers()
    began = time.monotonic()
    assert driver.soon(lambda: driver.complaints() == [] and remembers_all(driver))
    assert time.monotonic() - began < int(seconds)


def remembers_all(driver: Driver) -> bool:
    """Tell whether what was remembered is found again, and new answers are remembered."""
    old = driver.ask("How do I reset my password?").kind
    new = [driver.ask("How tall is the Eiffel tower?").kind for _ in range(2)]
    return (old, new[-1]) == ("exact hit", "exact hit")
