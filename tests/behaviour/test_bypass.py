from pytest_bdd import parsers, scenarios, when

from tests.behaviour.conftest import Story
from tests.behaviour.driver import Driver

scenarios("bypass.feature")


@when(parsers.parse('a fresh answer to "{question}" is demanded'))
def a_fresh_answer_is_demanded(driver: Driver, story: Story, question: str) -> None:
    story.replies.append(driver.ask(question, fresh=True))
