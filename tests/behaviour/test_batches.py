from collections.abc import Sequence

from pytest_bdd import given, parsers, scenarios, then, when

from entrypoints.settings import Settings
from tests.behaviour.conftest import Story, wishes
from tests.behaviour.driver import US, Driver, Reply
from tests.upstream import Reply as UpstreamReply
from tests.upstream import Request, openai_answer, openai_failure

scenarios("batches.feature")

PLACES = {"first": 0, "second": 1}
AT_ONCE = Settings().language_model.batch_concurrency


def questions(datatable: Sequence[Sequence[str]]) -> list[str]:
    return [text for (text,) in datatable]


@given("the model fails whoever asks about whales")
def it_fails_for_whales(driver: Driver) -> None:
    def answer(request: Request) -> UpstreamReply:
        return openai_failure(500) if "whales" in request.question else openai_answer("Answer 1.")

    driver.upstream.answer(answer)


@given("the vector index is away")
def the_index_is_away(driver: Driver) -> None:
    driver.break_part("vector_index")


@given("these were asked in one go")
def were_asked(driver: Driver, datatable: Sequence[Sequence[str]]) -> None:
    driver.ask_many(*questions(datatable))


@when(parsers.re(r"these are asked in one go(?P<how>.*)"))
def are_asked(driver: Driver, story: Story, datatable: Sequence[Sequence[str]], how: str) -> None:
    story.replies += driver.ask_many(*questions(datatable), **wishes(how))


@when(parsers.re(r'(?P<who>a job|Globex) asks "(?P<question>[^"]*)" (?P<times>\d+) times in one go'))
def a_job_asks(driver: Driver, story: Story, who: str, question: str, times: str) -> None:
    asker = US if who == "a job" else who
    story.heard, replies = driver.ask_many_and_wait(*[question] * int(times), at_least=1, who=asker)
    story.replies += replies


@when(parsers.parse("a job asks {number:d} new questions in one go"))
def a_job_asks_much(driver: Driver, story: Story, number: int) -> None:
    asked = [f"What is the story of door {each * 7919}?" for each in range(number)]
    story.heard, replies = driver.ask_many_and_wait(*asked, at_least=AT_ONCE)
    story.replies += replies


@then("they are answered by the model, an exact hit and a semantic hit")
def they_are_answered(story: Story) -> None:
    assert [each.kind for each in story.replies] == ["model", "exact hit", "semantic hit"]


@then(parsers.re(r"the (?P<place>\w+) is answered by an (?P<kind>\w+ hit)"))
def one_is_answered(story: Story, place: str, kind: str) -> None:
    assert story.replies[PLACES[place]].kind == kind


@then(parsers.re(r"the (?P<place>first|second) is told that (?P<trouble>.+)"))
def one_is_told(story: Story, place: str, trouble: str) -> None:
    assert story.replies[PLACES[place]].trouble == trouble


@then("the others are answered by the model")
@then("all of them are answered by the model")
def others_are_answered(story: Story) -> None:
    answered = [each for each in story.replies if each.trouble is None]
    assert len(answered) >= len(story.replies) - 1
    assert all(map(is_an_answer_of_the_model, answered))


@then("everyone gets the second answer")
def everyone_gets_the_second_answer(story: Story) -> None:
    assert {each.text for each in story.replies} == {"Answer 2."}


@then(parsers.parse("the model heard {number:d} of them at once"))
def the_model_heard(story: Story, number: int) -> None:
    assert story.heard == number


def is_an_answer_of_the_model(reply: Reply) -> bool:
    return reply.kind == "model" and reply.text.startswith("Answer ")
