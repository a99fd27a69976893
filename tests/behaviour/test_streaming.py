from pytest_bdd import given, parsers, scenarios, then, when

from tests.behaviour.driver import Driver
from tests.behaviour.hearing import BROKE_OFF
from tests.upstream import openai_answer

scenarios("streaming.feature")


@given("the model pauses after its first words")
def the_model_pauses(driver: Driver) -> None:
    driver.model_takes_its_time(after=2)


@given("the model breaks off after its first words")
def the_model_breaks_off(driver: Driver) -> None:
    driver.model_replies(openai_answer("Answer 1.").cut(after=2))


@given("the model is down")
def the_model_is_down(driver: Driver) -> None:
    driver.model_is_down()


@given(parsers.parse('somebody listens to the answer to "{question}"'))
@when(parsers.parse('somebody listens to the answer to "{question}"'))
def somebody_listens(driver: Driver, question: str) -> None:
    driver.listen(question)


@given(parsers.parse('somebody listened to the answer to "{question}"'))
def somebody_listened(driver: Driver, question: str) -> None:
    driver.listen(question)
    driver.hear_out()


@given(parsers.parse('{number:d} people listen to the answer to "{question}"'))
@when(parsers.parse('{number:d} more people listen to the answer to "{question}"'))
def more_people_listen(driver: Driver, number: int, question: str) -> None:
    for _ in range(number):
        driver.listen(question)


@when("everybody leaves")
def everybody_leaves(driver: Driver) -> None:
    for each in driver.listeners:
        each.leave()
    driver.listeners.clear()


@when("one of them leaves")
def one_of_them_leaves(driver: Driver) -> None:
    driver.listeners.pop(0).leave()


@then("the first words are heard while the model pauses")
def the_first_words_are_heard(driver: Driver) -> None:
    assert {each.text for each in driver.listeners} == {"Answer "}
    assert {each.answer for each in driver.listeners} == {None}


@then("the whole answer is heard in the end")
def the_whole_answer_is_heard(driver: Driver) -> None:
    driver.hear_out()
    assert {each.text for each in driver.listeners} == {"Answer 1."}
    assert {each.answer for each in driver.listeners} == {"Answer 1."}


@then(parsers.parse('"{question}" is soon remembered'))
def it_is_soon_remembered(driver: Driver, question: str) -> None:
    driver.model_was_asked()
    assert driver.remembers(question) == "Answer 1."


@then("the listener is told that the answer broke off")
def the_answer_broke_off(driver: Driver) -> None:
    driver.hear_out()
    (listener,) = driver.listeners
    assert (listener.text, listener.answer, listener.trouble) == ("Answer ", None, BROKE_OFF)


@then("the listener is told that the model did not answer")
def the_model_did_not_answer(driver: Driver) -> None:
    driver.hear_out()
    (listener,) = driver.listeners
    assert (listener.text, listener.trouble) == ("", "the model did not answer")
