import pytest
from pytest_bdd import given, parsers, scenarios, then

from tests.behaviour.providers import TROUBLES, Providers
from tests.upstream import openai_failure

scenarios("retries_and_breakers.feature")


@pytest.fixture(autouse=True)
def stage() -> None:
    """Need no wiring of memory: all that is played here comes before it."""


@pytest.fixture
def driver(providers: Providers) -> Providers:
    return providers


@given(parsers.parse('the provider "{name}" is down for {number:d} calls'))
def is_down_for(providers: Providers, name: str, number: int) -> None:
    providers.stumbles(name, *[TROUBLES["is down"]] * number)


@given(parsers.parse('the provider "{name}" has been down for {number:d} calls'))
def has_been_down_for(providers: Providers, name: str, number: int) -> None:
    providers.has(name, "is down")
    while len(providers.upstreams[name].requests) < number:
        providers.ask("Are you there?", provider=name)


@given(parsers.parse('the provider "{name}" is overloaded once, and wants to be left alone for {seconds:d} {_:w}'))
def is_overloaded_once(providers: Providers, name: str, seconds: int) -> None:
    providers.stumbles(name, openai_failure(429, headers={"retry-after": f"{seconds}"}))


@given(parsers.parse('the provider "{name}" is well again'))
def is_well_again(providers: Providers, name: str) -> None:
    providers.is_well(name)


@then(parsers.re(r"it was asked (?P<number>\d+) times?"))
def it_was_asked(providers: Providers, number: str) -> None:
    assert len(providers.asked("main")) == int(number)


@then(parsers.parse("that took at least {seconds:d} second"))
def that_took(providers: Providers, seconds: int) -> None:
    assert providers.took >= seconds


@then(parsers.parse("the asker is told to come back in {seconds:d} seconds"))
def is_told_to_come_back(providers: Providers, seconds: int) -> None:
    assert (providers.heard.status_code, providers.heard.headers["retry-after"]) == (503, f"{seconds}")


@given(parsers.parse('the provider "{name}" may be asked {number:d} times a minute, and nobody waits'))
def may_be_asked(providers: Providers, name: str, number: int) -> None:
    providers.agree(name, rpm=number, queue=0)


@given("it was asked so often")
def it_was_asked_so_often(providers: Providers) -> None:
    for number in range(2):
        assert providers.ask(f"Are you there, {number}?", provider="main").trouble is None


@then("the asker is told that it is too much, and when to come back")
def it_is_too_much(providers: Providers) -> None:
    assert providers.heard.status_code == 429
    assert int(providers.heard.headers["retry-after"]) == 30
