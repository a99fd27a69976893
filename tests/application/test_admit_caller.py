import asyncio
from collections.abc import Sequence

import pytest

from adapters.key_ring.memory import MemoryKeyRing
from application.admit_caller import TRUST, AdmitCaller
from application.manage_keys import ManageKeys
from domain.tenancy import LOCAL, ApiKey, KeyRefused, KeyRing, KeyRingUnavailable, ReportRefused
from tests.doubles import StoppedClock


class CountingKeyRing(KeyRing):
    """Counts the look-ups, lets them wait, and fails when it is told to."""

    def __init__(self) -> None:
        self.ring = MemoryKeyRing()
        self.lookups = 0
        self.fails = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def find(self, digest: str) -> ApiKey | None:
        self.lookups += 1
        await self.gate.wait()
        if self.fails:
            raise KeyRingUnavailable("the records are away")
        return await self.ring.find(digest)

    async def add(self, key: ApiKey) -> None:
        await self.ring.add(key)

    async def keys(self) -> Sequence[ApiKey]:
        return await self.ring.keys()

    async def revoke(self, name: str, now: float) -> ApiKey | None:
        return await self.ring.revoke(name, now)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def keys() -> CountingKeyRing:
    return CountingKeyRing()


async def a_secret(keys: KeyRing, clock: StoppedClock, name: str = "shop", tenant: str = "acme") -> str:
    return (await ManageKeys(keys, clock).create(name, tenant)).secret


async def test_a_key_speaks_for_its_tenant(keys: CountingKeyRing, clock: StoppedClock) -> None:
    secret = await a_secret(keys, clock)

    assert await AdmitCaller(keys, clock)(secret) == "acme"


@pytest.mark.parametrize("secret", ["rb_guessed", "", None, "\ud800"])
async def test_nobody_else_is_admitted(keys: CountingKeyRing, clock: StoppedClock, secret: str | None) -> None:
    await a_secret(keys, clock)

    with pytest.raises(KeyRefused):
        await AdmitCaller(keys, clock, open_without_keys=True)(secret)


async def test_without_keys_everyone_is_local_where_that_is_allowed(keys: CountingKeyRing, clock: StoppedClock) -> None:
    assert await AdmitCaller(keys, clock, open_without_keys=True)(None) == LOCAL
    with pytest.raises(KeyRefused):
        await AdmitCaller(keys, clock)(None)


async def test_the_first_key_closes_the_door_within_a_second(keys: CountingKeyRing, clock: StoppedClock) -> None:
    admit = AdmitCaller(keys, clock, open_without_keys=True)
    await admit(None)
    await a_secret(keys, clock)
    clock.advance(TRUST)

    with pytest.raises(KeyRefused):
        await admit(None)


async def test_revoking_the_last_key_does_not_open_the_door(keys: CountingKeyRing, clock: StoppedClock) -> None:
    await a_secret(keys, clock)
    await ManageKeys(keys, clock).revoke("shop")

    with pytest.raises(KeyRefused):
        await AdmitCaller(keys, clock, open_without_keys=True)(None)


async def test_a_revoked_key_is_refused_within_a_second(keys: CountingKeyRing, clock: StoppedClock) -> None:
    admit, secret = AdmitCaller(keys, clock), await a_secret(keys, clock)
    await admit(secret)
    await ManageKeys(keys, clock).revoke("shop")
    clock.advance(TRUST)

    with pytest.raises(KeyRefused):
        await admit(secret)


async def test_a_key_in_use_is_looked_up_twice_a_second_and_nobody_waits(
    keys: CountingKeyRing, clock: StoppedClock
) -> None:
    admit, secret = AdmitCaller(keys, clock), await a_secret(keys, clock)
    await admit(secret)
    clock.advance(TRUST / 2)
    keys.gate.clear()

    assert [await admit(secret) for _ in range(5)] == ["acme"] * 5
    await asyncio.sleep(0)
    assert keys.lookups == 2
    keys.gate.set()


async def test_many_who_come_at_once_share_one_look_up(keys: CountingKeyRing, clock: StoppedClock) -> None:
    admit, secret = AdmitCaller(keys, clock), await a_secret(keys, clock)

    assert await asyncio.gather(*(admit(secret) for _ in range(32))) == ["acme"] * 32
    assert keys.lookups == 1


async def test_while_the_records_are_away_a_key_is_believed_for_its_second(
    keys: CountingKeyRing, clock: StoppedClock
) -> None:
    admit, secret = AdmitCaller(keys, clock), await a_secret(keys, clock)
    await admit(secret)
    keys.fails = True
    clock.advance(TRUST * 0.9)

    assert await admit(secret) == "acme"
    await asyncio.sleep(0)
    clock.advance(TRUST)
    with pytest.raises(KeyRingUnavailable):
        await admit(secret)


async def test_an_asker_who_leaves_does_not_end_the_look_up_of_others(
    keys: CountingKeyRing, clock: StoppedClock
) -> None:
    admit, secret = AdmitCaller(keys, clock), await a_secret(keys, clock)
    keys.gate.clear()
    first, second = asyncio.create_task(admit(secret)), asyncio.create_task(admit(secret))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    keys.gate.set()

    assert await second == "acme"


class TestReporters:
    async def test_whoever_has_a_key_may_report_unless_it_was_made_without_that_right(
        self, keys: CountingKeyRing, clock: StoppedClock
    ) -> None:
        manage, admit = ManageKeys(keys, clock), AdmitCaller(keys, clock)
        user = (await manage.create("user", "acme")).secret
        crawler = (await manage.create("crawler", "acme", may_report=False)).secret

        assert [await admit(each) for each in (user, crawler)] == ["acme", "acme"]
        assert await admit.reporter(user) == "acme"
        with pytest.raises(ReportRefused):
            await admit.reporter(crawler)

    async def test_where_no_key_is_needed_none_is_needed_to_report(
        self, keys: CountingKeyRing, clock: StoppedClock
    ) -> None:
        assert await AdmitCaller(keys, clock, open_without_keys=True).reporter(None) == LOCAL

    @pytest.mark.parametrize("secret", ["rb_guessed", "", None])
    async def test_who_is_not_admitted_may_not_report_either(
        self, keys: CountingKeyRing, clock: StoppedClock, secret: str | None
    ) -> None:
        await a_secret(keys, clock)

        with pytest.raises(KeyRefused):
            await AdmitCaller(keys, clock, open_without_keys=True).reporter(secret)

    async def test_a_revoked_key_is_refused_as_unknown_not_as_forbidden(
        self, keys: CountingKeyRing, clock: StoppedClock
    ) -> None:
        manage = ManageKeys(keys, clock)
        crawler = (await manage.create("crawler", "acme", may_report=False)).secret
        await manage.revoke("crawler")

        with pytest.raises(KeyRefused):
            await AdmitCaller(keys, clock).reporter(crawler)
