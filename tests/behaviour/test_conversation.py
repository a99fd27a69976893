from pytest_bdd import parsers, scenarios, then

from tests.behaviour.driver import Driver, conversation

scenarios("conversation.feature")


@then(parsers.parse('the model heard the conversation about {topic} before "{question}"'))
def the_model_heard_it_all(driver: Driver, topic: str, question: str) -> None:
    *before, last = driver.model_heard()["messages"]
    assert before == list(conversation(topic))
    assert last == {"role": "user", "content": question}
