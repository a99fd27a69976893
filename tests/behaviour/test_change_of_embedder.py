import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from pytest_bdd import given, scenarios

from adapters.embedder.prepared_model import PreparedModel
from entrypoints.settings import Settings
from tests.behaviour.conftest import CHOSEN, SHARED, WIRINGS, Stage
from tests.behaviour.driver import Driver
from tests.behaviour.servers import Servers, shared_servers
from tests.entrypoints.http.service import Service, WatchedFlights, serving
from tests.upstream import ScriptedUpstream

scenarios("change_of_embedder.feature")

FORMER, PRESENT = "int8", "fp32"


class Stuck:
    """Moves nothing, for ever."""

    async def __call__(self, tell: Callable[[int], None]) -> int:
        await asyncio.Event().wait()
        return 0


@define
class Operator:
    """Who starts the service, and starts it again with another embedder."""

    settings: dict[str, Any]
    upstream: ScriptedUpstream
    servers: Servers | None
    flights: WatchedFlights = field(factory=WatchedFlights)
    _running: ExitStack = field(factory=ExitStack)

    def start(self, precision: str, **overrides: Any) -> Service:
        self._running.close()
        self._running = ExitStack()
        settings = Settings.model_validate({**self.settings, "embedder": {"precision": precision}})
        service = self._running.enter_context(serving(settings, openai=None, flights=self.flights, **overrides))
        self.flights.fleet = service.container.fleet()
        return service

    def stop(self) -> None:
        self._running.close()


@pytest.fixture(params=[each for each in CHOSEN if each != "memory"])
def wiring(request: pytest.FixtureRequest) -> str:
    """Give those that outlive the service."""
    return str(request.param)


@pytest.fixture
def operator(
    wiring: str,
    tmp_path: Path,
    prepared_model: PreparedModel,
    full_precision_model: PreparedModel,
) -> Iterator[Operator]:
    assert prepared_model.folder.parent == full_precision_model.folder.parent
    with ScriptedUpstream() as upstream, ExitStack() as stack:
        servers = stack.enter_context(shared_servers()) if wiring == SHARED else None
        settings = {
            **(servers.settings if servers else WIRINGS[wiring]),
            "data_folder": tmp_path,
            "models_folder": prepared_model.folder.parent,
            "language_model": {"retries": 0, "timeout": 10},
            "semantic": {"checked_share": 0},
            "openai": {"base_url": f"{upstream.url}/v1"},
        }
        operator = Operator(settings, upstream, servers)
        yield operator
        operator.stop()


@pytest.fixture
def stage(operator: Operator) -> Stage:
    """Start a service that no other example plays on, for it is started again and again."""
    return Stage(operator.start(FORMER), operator.upstream, operator.flights, operator.servers)


def has_moved(service: Service) -> bool:
    return service.container.bridged_index().former is None


def is_in_use(service: Service) -> bool:
    with service.client.portal() as portal:
        return portal.call(service.container.succession().shelf.in_use) is not None


@given("the embedder has changed a moment ago")
@given("the service was stopped in the middle of the move")
def it_has_changed(driver: Driver, operator: Operator) -> None:
    # A service that has only just started may not have taken its index into use, and then there is none to move from.
    assert driver.soon(lambda: is_in_use(driver.service))
    driver.service = operator.start(PRESENT, heal_memory=Stuck())
    assert not has_moved(driver.service)


@given("the embedder has changed, and memory has moved")
def it_has_moved(driver: Driver, operator: Operator) -> None:
    driver.service = operator.start(PRESENT)
    assert driver.soon(lambda: has_moved(driver.service))


@given("the embedder has changed back, and memory has moved")
def it_has_moved_back(driver: Driver, operator: Operator) -> None:
    driver.service = operator.start(FORMER)
    assert driver.soon(lambda: has_moved(driver.service))


@given("the former index was removed")
def it_was_removed(driver: Driver) -> None:
    succession = driver.service.container.succession()
    with driver.service.client.portal() as portal:
        (former,) = portal.call(succession.others)
        portal.call(succession.remove, former)
        assert list(portal.call(succession.others)) == []


@given("all answers were purged")
def all_were_purged(driver: Driver) -> None:
    driver.purge()


@given("the service has started again, and memory has moved")
def it_has_started_again(driver: Driver, operator: Operator) -> None:
    it_has_moved(driver, operator)
