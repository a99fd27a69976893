from pytest_bdd import given, scenarios

from tests.behaviour.driver import Driver

scenarios("anthropic_door.feature")


@given("the model is down")
def the_model_is_down(driver: Driver) -> None:
    driver.model_is_down()
