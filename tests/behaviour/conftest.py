"""The wirings that the features run on, and the sentences that several features share."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from pytest_bdd import given, parsers, then, when

from adapters.embedder.prepared_model import PreparedModel
from entrypoints.settings import Settings
from tests.behaviour.driver import US, Driver, Reply, conversation, instruction
from tests.behaviour.foreign import CALLING, STOPPING, Asking, by_format
from tests.behaviour.providers import TROUBLES, Providers, two_providers
from tests.behaviour.servers import Servers, shared_servers
from tests.entrypoints.http.service import PRICES, Service, WatchedFlights, serving
from tests.upstream import ScriptedUpstream

SHARED = "shared"
WIRINGS = {
    "memory": {"answer_cache": {"kind": "memory"}, "vector_index": {"kind": "memory"}},
    "embedded": {"answer_cache": {"kind": "sqlite"}, "vector_index": {"kind": "edge"}},
    SHARED: {},
}
"""The settings of each; those of the shared one are where its servers are."""
CHOSEN = (os.environ.get("RAGBOOST_DRIVERS") or ",".join(WIRINGS)).split(",")

REASONS = {
    "no remembered question is near this one": "no_candidate",
    "it is not certain enough that the nearest remembered answer fits": "uncertain",
    "the nearest remembered question differs in something that matters": "different",
    "somebody reported that this answer does not fit this question": "reported_wrong",
    "what was remembered has expired": "expired",
    "what was remembered is older than was asked for": "too_old",
    "no model answered": "model_failed",
}
SELECTIONS = (
    (r'tagged "(.+)"', lambda tag: {"tag": tag}),
    (r'given by the model "(.+)"', lambda model: {"model": model}),
    (r'in the namespace "(.+)"', lambda name: {"namespace": name}),
    (r'that cite "(.+)"', lambda document: {"document": document}),
    (r"older than (\d+) seconds", lambda seconds: {"older_than": int(seconds)}),
)
BY_A_CLIENT = r"(?P<manner>(?: with a tool)?(?: of Anthropic)? by a (?:listening )?client) of (?P<client>\w+)'s"
NUMBERS = {"once": 1, "twice": 2}

MANNERS = (
    (r'of the model "(.+)"', lambda model: {"model": model}),
    (r'of the provider "(.+)"', lambda provider: {"provider": provider}),
    (r"of another model", lambda: {"model": "another"}),
    (r"with a temperature of ([\d.]+)", lambda degrees: {"temperature": float(degrees)}),
    (r"for at most (\d+) tokens", lambda tokens: {"max_tokens": int(tokens)}),
    (r'in the namespace "(.+)"', lambda name: {"namespace": name}),
    (r"past memory", lambda: {"use_cache": False}),
    (r"of memory only", lambda: {"memory_only": True}),
    (r"without being remembered", lambda: {"unremembered": True}),
    (r"for an answer not older than (\d+) seconds", lambda seconds: {"max_age": int(seconds)}),
    (r"for an answer however old", lambda: {"however_old": True}),
    (r"after talking about (\w+)", lambda topic: {"before": conversation(topic)}),
    (r'under the instruction "(.+)"', lambda text: {"before": instruction(text)}),
    (r"as a conversation of one turn", lambda: {"before": ()}),
)
"""How a question may be asked."""


def wishes(how: str) -> dict[str, Any]:
    """Read a manner of asking."""
    if not how.strip():
        return {}
    matches = ((re.fullmatch(pattern, how.strip()), make) for pattern, make in MANNERS)
    return next(make(*match.groups()) for match, make in matches if match)


@define
class Story:
    """What has happened so far in one example."""

    replies: list[Reply] = field(factory=list)
    purged: int = 0
    judged: bool = False
    heard: int = 0

    @property
    def reply(self) -> Reply:
        return self.replies[-1]


@define
class Stage:
    """A service that several examples play on."""

    service: Service
    upstream: ScriptedUpstream
    flights: WatchedFlights
    servers: Servers | None = None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Play what happens to servers only where there are some."""
    idle = [each for each in items if each.get_closest_marker("servers") and SHARED not in each.name]
    config.hook.pytest_deselected(items=idle)
    items[:] = [each for each in items if each not in idle]


@pytest.fixture(scope="session", params=CHOSEN, autouse=True)
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, prepared_model: PreparedModel
) -> Iterator[Stage]:
    """Start the real application on one wiring, with OpenAI's adapter and a provider on loopback behind it."""
    flights = WatchedFlights()
    with ScriptedUpstream() as upstream, ExitStack() as stack:
        servers = stack.enter_context(shared_servers()) if request.param == SHARED else None
        settings = Settings.model_validate(
            {
                **(servers.settings if servers else WIRINGS[request.param]),
                "data_folder": tmp_path_factory.mktemp(request.param),
                "models_folder": prepared_model.folder.parent,
                "language_model": {"retries": 0, "timeout": 10, "breaker_failures": 1000, "fallback": False},
                "semantic": {"checked_share": 0},  # a check that chance called for would be remembered
                "openai": {"base_url": f"{upstream.url}/v1"},
                "prices": PRICES,
                "anthropic": {"base_url": upstream.url},
            }
        )
        with serving(settings, openai=None, flights=flights) as service:
            flights.fleet = service.container.fleet()
            yield Stage(service, upstream, flights, servers)


@pytest.fixture
def driver(stage: Stage) -> Iterator[Driver]:
    """Give each example customers of its own, and a model that works."""
    stage.upstream.requests.clear()
    driver = Driver(stage.service, stage.upstream, stage.flights, stage.servers)
    driver.key("Acme")  # from now on strangers are turned away
    driver.pass_time(2)
    driver.model_answers()
    yield driver
    driver.close()


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def providers(tmp_path: Path) -> Iterator[Providers]:
    with two_providers(tmp_path) as providers:
        yield providers


@given(parsers.re(rf'the provider "(?P<name>\w+)" (?P<trouble>{"|".join(TROUBLES)})'))
def a_provider_has_a_trouble(providers: Providers, name: str, trouble: str) -> None:
    providers.has(name, trouble)


@then(parsers.parse('the provider "{name}" answers'))
def a_provider_answers(providers: Providers, name: str) -> None:
    assert (providers.answer["provider"], providers.answer["response"]) == (name, f"Says {name}.")


@then(parsers.re(r'the provider "(?P<name>\w+)" was (?P<often>not asked|asked once)'))
def a_provider_was_asked(providers: Providers, name: str, often: str) -> None:
    assert len(providers.asked(name)) == (often == "asked once")


@given("nothing is remembered")
@then("nothing is remembered")
def nothing_is_remembered(driver: Driver) -> None:
    assert driver.count() == 0


@given(parsers.parse('the question "{question}" was answered'))
def was_answered(driver: Driver, question: str) -> None:
    assert driver.ask(question).kind == "model"


@given(parsers.re(r'"(?P<question>[^"]*)" was answered(?P<how>(?!, good| from memory| from the documentation).*)'))
def was_answered_in_some_manner(driver: Driver, question: str, how: str) -> None:
    assert driver.ask(question, **wishes(how)).kind == "model"


@given(parsers.re(r'"(?P<question>[^"]*)" was asked(?! by| with| of)'))
def was_asked(driver: Driver, question: str) -> None:
    driver.ask(question)


@given(parsers.parse('"{question}" was answered from memory'))
def was_answered_from_memory(driver: Driver, question: str) -> None:
    assert driver.ask(question).kind == "semantic hit"


@given(parsers.parse('"{asked}" was reported to be answered wrongly by "{remembered}"'))
def was_reported(driver: Driver, asked: str, remembered: str) -> None:
    driver.ask(remembered)
    reply = driver.ask(asked)
    assert reply.entry
    assert driver.report(reply.entry, asked, correct=False).trouble is None


@given(parsers.parse("{seconds:d} seconds have passed"))
def time_has_passed(driver: Driver, seconds: int) -> None:
    driver.pass_time(seconds)


@given("the model takes its time")
def the_model_takes_its_time(driver: Driver) -> None:
    driver.model_takes_its_time()


@when(parsers.re(r'"(?P<question>[^"]*)" is asked(?P<how>(?! by | with a tool| of Anthropic by).*)'))
def is_asked(driver: Driver, story: Story, question: str, how: str) -> None:
    story.replies.append(driver.ask(question, **wishes(how)))


@given(parsers.parse('"{question}" was asked by {number:d} people at once'))
@when(parsers.parse('"{question}" is asked by {number:d} people at once'))
def is_asked_by_a_crowd(driver: Driver, story: Story, question: str, number: int) -> None:
    story.replies += driver.ask_together(*[{"question": question}] * number)


@given(parsers.re(rf'"(?P<question>[^"]*)" was asked{BY_A_CLIENT}'))
@when(parsers.re(rf'"(?P<question>[^"]*)" is asked{BY_A_CLIENT}'))
def is_asked_by_a_client(driver: Driver, story: Story, question: str, manner: str, client: str) -> None:
    tool = "get_weather" if "tool" in manner else ""
    asking = Asking(client, "Anthropic" if "of Anthropic" in manner else client, tool, "listening" in manner)
    story.replies.append(driver.ask_as(asking, question))


@given("the model calls a tool")
def the_model_calls_a_tool(driver: Driver) -> None:
    driver.upstream.answer(by_format(CALLING))


@given("the model stops in the middle")
def the_model_stops_in_the_middle(driver: Driver) -> None:
    driver.upstream.answer(by_format(STOPPING))


@then("the client is given what was said")
def the_client_is_given_what_was_said(story: Story) -> None:
    assert story.reply.text == "It goes on and"


@then("the answer cost nothing")
def the_answer_cost_nothing(story: Story) -> None:
    assert story.reply.tokens == 0


@then("the tool is called")
def the_tool_is_called(story: Story) -> None:
    assert story.reply.tool == "get_weather"


@then(parsers.re(r"the remembered answer comes back as an? (?P<kind>\w+ hit)"))
def the_remembered_answer_comes_back(story: Story, kind: str) -> None:
    assert story.reply.kind == kind
    assert story.reply.text.startswith("Answer ")


@then("the model answers")
def the_model_answers(story: Story) -> None:
    assert story.reply.kind == "model"
    assert story.reply.trouble is None


@then(parsers.parse("the reason is that {reason}"))
def the_reason_is(story: Story, reason: str) -> None:
    assert story.reply.reason == REASONS[reason]


@then(parsers.re(r"the model was asked (?P<number>once|twice|\d+ times)"))
def the_model_was_asked(driver: Driver, number: str) -> None:
    assert driver.model_was_asked() == (NUMBERS.get(number) or int(number.split(maxsplit=1)[0]))


@then("the model was not asked")
def the_model_was_not_asked(driver: Driver) -> None:
    assert driver.model_was_asked() == 0


@then(parsers.parse("the asker is told that {trouble}"))
def the_asker_is_told(story: Story, trouble: str) -> None:
    assert story.reply.trouble == trouble


@then("everyone gets the first answer")
def everyone_gets_the_first_answer(story: Story) -> None:
    assert {each.text for each in story.replies} == {"Answer 1."}


@then("everyone is told that the model did not answer")
def everyone_is_told(story: Story) -> None:
    assert {each.trouble for each in story.replies} == {"the model did not answer"}


@then(parsers.re(r'"(?P<question>.*)" is (?:still|now) remembered with the (?P<first>\w+) answer'))
def is_remembered_with(driver: Driver, question: str, first: str) -> None:
    assert driver.remembers(question) == f"Answer {['first', 'second'].index(first) + 1}."


@then(parsers.parse("{number:d} answers are gone"))
def answers_are_gone(story: Story, number: int) -> None:
    assert story.purged == number


@when(parsers.re(r"the answers (?P<selection>.+) are purged"))
def the_answers_are_purged(driver: Driver, story: Story, selection: str) -> None:
    story.purged = driver.purge(**selected(selection))


@given("all answers were purged")
@when("all answers are purged")
def all_answers_are_purged(driver: Driver, story: Story) -> None:
    story.purged = driver.purge()


@then(parsers.parse("{number:d} answers are remembered"))
def so_many_are_remembered(driver: Driver, number: int) -> None:
    assert driver.count() == number


@given("our key may not report")
def our_key_may_not_report(driver: Driver) -> None:
    driver.may_not_report(US)


def selected(words: str) -> dict[str, object]:
    matches = ((re.fullmatch(pattern, words), make) for pattern, make in SELECTIONS)
    return next(make(*match.groups()) for match, make in matches if match)
