from pytest_bdd import parsers, scenarios, then, when

from tests.behaviour.conftest import Story
from tests.behaviour.driver import Driver

scenarios("semantic_hit.feature")


@when(parsers.parse('it is judged whether "{asked}" may be answered like "{stored}"'))
def it_is_judged(driver: Driver, story: Story, asked: str, stored: str) -> None:
    story.judged = driver.may_answer_alike(stored, asked)


@then("it may")
def it_may(story: Story) -> None:
    assert story.judged


@then(parsers.parse('the answer names "{question}" as the question it was given to'))
def it_names_the_question(story: Story, question: str) -> None:
    assert story.reply.matched == question


@then(parsers.parse("it tells a similarity of at least {least:f}"))
def it_tells_a_similarity(story: Story, least: float) -> None:
    assert story.reply.similarity
    assert least <= story.reply.similarity < 1
