from pytest_bdd import given, parsers, scenarios, when

from tests.behaviour.conftest import Story
from tests.behaviour.driver import Driver

scenarios("backup.feature")


@given("these questions were answered")
def these_were_answered(driver: Driver, datatable: list[list[str]]) -> None:
    for question, tag in datatable[1:]:
        driver.ask(question, tags=[tag])


@given(parsers.parse('Acme was answered "{question}"'))
def acme_was_answered(driver: Driver, question: str) -> None:
    driver.ask(question, "Acme")
    driver.key("Globex")


@given("the memory was saved")
def the_memory_was_saved(driver: Driver) -> None:
    driver.save()


@given(parsers.parse('"{question}" has since been answered anew'))
def has_been_answered_anew(driver: Driver, question: str) -> None:
    driver.pass_time(5000)
    assert driver.ask(question).kind == "model"


@given("it was restored elsewhere")
@when("it is restored elsewhere")
def it_is_restored_elsewhere(driver: Driver) -> None:
    driver.restore_elsewhere()


@given("it was restored here")
@when("it is restored here")
def it_is_restored_here(driver: Driver) -> None:
    driver.restore_here()


@when(parsers.parse('Globex asks "{question}"'))
def globex_asks(driver: Driver, story: Story, question: str) -> None:
    story.replies.append(driver.ask(question, "Globex"))
