from pytest_bdd import given, scenarios, then

from tests.behaviour.conftest import Story
from tests.behaviour.driver import Driver
from tests.behaviour.foreign import REFUSING

scenarios("openai_door.feature")


@given("the model refuses")
def the_model_refuses(driver: Driver) -> None:
    driver.upstream.answer(REFUSING)


@given("the model is down")
def the_model_is_down(driver: Driver) -> None:
    driver.model_is_down()


@then("the client is given the refusal")
def the_client_is_given_the_refusal(story: Story) -> None:
    assert story.reply.refusal == "I would rather not."
