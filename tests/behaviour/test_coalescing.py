from pytest_bdd import given, parsers, scenarios, when

from tests.behaviour.conftest import Story
from tests.behaviour.driver import Driver
from tests.upstream import openai_failure

scenarios("coalescing.feature")


@given("the model takes its time, and then fails")
def it_takes_its_time_and_fails(driver: Driver) -> None:
    driver.model_replies(openai_failure(500).held(driver.gate))


@when(parsers.parse("{number:d} people ask {questions:d} different questions at once"))
def different_questions(driver: Driver, story: Story, number: int, questions: int) -> None:
    words = ("apples", "mortgages", "volcanoes", "chess openings", "tax returns")[:questions]
    askings = [{"question": f"What is new about {words[each % questions]}?"} for each in range(number)]
    story.replies += driver.ask_together(*askings)


@when(parsers.parse('{one} and {other} ask "{question}" at once'))
def two_customers_ask(driver: Driver, story: Story, one: str, other: str, question: str) -> None:
    story.replies += driver.ask_together(*({"question": question, "who": who} for who in (one, other)))


@when(parsers.parse('{number:d} people ask "{question}" past memory at once'))
def they_ask_past_memory(driver: Driver, story: Story, number: int, question: str) -> None:
    story.replies += driver.ask_together(*[{"question": question, "use_cache": False}] * number)
