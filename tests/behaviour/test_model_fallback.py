import pytest
from pytest_bdd import given, parsers, scenarios, then

from tests.behaviour.providers import KEYS, NAMES, Providers

scenarios("model_fallback.feature")


@pytest.fixture(autouse=True)
def stage() -> None:
    """Need no wiring of memory: all that is played here comes before it."""


@pytest.fixture
def driver(providers: Providers) -> Providers:
    return providers


@given(parsers.parse('the provider "{name}" takes {tokens:d} tokens'))
def takes_so_many_tokens(providers: Providers, name: str, tokens: int) -> None:
    providers.agree(name, context_window=tokens)


@given("the answer has expired")
def the_answer_has_expired(providers: Providers) -> None:
    providers.pass_time(3700)


@given("all providers are down")
def all_are_down(providers: Providers) -> None:
    for name in NAMES:
        providers.has(name, "is down")


@then(parsers.parse('the asker is told that "{name}" was tried in vain'))
def was_tried(providers: Providers, name: str) -> None:
    (tried,) = providers.answer["tried"]
    assert (tried["provider"], tried["model"]) == (name, f"{name}-small")
    assert tried["reason"]


@then(parsers.parse('the answer of "{name}" is remembered'))
def is_remembered(providers: Providers, name: str) -> None:
    assert providers.heard.headers["x-ragboost-cache"] == "exact"
    assert (providers.answer["provider"], providers.answer["tried"]) == (name, [])


@then(parsers.parse('the old answer of "{name}" is given'))
def the_old_answer_is_given(providers: Providers, name: str) -> None:
    assert providers.heard.headers["x-ragboost-cache"] == "stale"
    assert providers.answer["response"] == f"Says {name}."


@then(parsers.parse('the provider "main" was asked for "{one}" and "spare" for "{other}"'))
def were_asked_for(providers: Providers, one: str, other: str) -> None:
    assert ({*providers.asked("main")}, {*providers.asked("spare")}) == ({one}, {other})


@then(parsers.parse('is told of "{name}"'))
def is_told_of(providers: Providers, name: str) -> None:
    assert name in providers.heard.json()["detail"]


@then("each provider has a line in what is told")
def each_has_a_line(providers: Providers) -> None:
    first, *lines = providers.heard.json()["detail"].splitlines()
    assert (first, [line.split()[0] for line in lines]) == ("no model answered", list(NAMES))
    assert providers.heard.json()["request_id"] == providers.heard.headers["x-request-id"]


@then("neither the question nor a key is told")
def no_secret_is_told(providers: Providers) -> None:
    assert not any(each in providers.heard.text for each in ("breaker?", *KEYS.values()))


@given(parsers.parse('whoever gets no answer is told "{text}"'))
def an_apology_is_given(providers: Providers, text: str) -> None:
    providers.apology = text


@then(parsers.parse('"{text}" comes back, marked as an apology'))
def an_apology_comes_back(providers: Providers, text: str) -> None:
    assert (providers.answer["response"], providers.answer["cache_info"]["reason"]) == (text, "apology")
    assert providers.heard.headers["x-ragboost-cache"] == "apology"
    assert [each["provider"] for each in providers.answer["tried"]] == list(NAMES)
    (many,) = providers.service.ask_many("What is a fuse?").json()["results"]
    assert (many["response"], many["cache"]) == (text, "apology")


@then("it is not remembered")
def it_is_not_remembered(providers: Providers) -> None:
    providers.is_well("main")
    providers.pass_time(300)
    assert providers.ask("What is a breaker?").trouble is None
    assert providers.answer["response"] == "Says main."
