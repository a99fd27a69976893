"""What every key ring promises."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from attrs import evolve

from adapters.key_ring.memory import MemoryKeyRing
from adapters.key_ring.sql import SqlKeyRing
from adapters.records import Records
from domain.tenancy import ApiKey, KeyExists, KeyRing, digest_of

RAILS = ApiKey("rails", "acme", digest_of("rb_rails"), created_at=1000.25)
CRON = ApiKey("cron", "acme", digest_of("rb_cron"), created_at=2000.0)


@pytest.fixture(params=["memory", "sql"])
async def ring(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[KeyRing]:
    records = Records(f"sqlite+aiosqlite:///{tmp_path}/records.db")
    if request.param == "sql":
        await records.open()
    yield {"memory": MemoryKeyRing(), "sql": SqlKeyRing(records)}[request.param]
    await records.close()


async def test_a_key_is_found_by_its_digest_as_it_was_added(ring: KeyRing) -> None:
    await ring.add(RAILS)
    await ring.add(CRON)

    assert await ring.find(digest_of("rb_rails")) == RAILS
    assert await ring.find(digest_of("rb_cron")) == CRON


async def test_a_key_that_may_not_report_stays_so(ring: KeyRing) -> None:
    silent = evolve(CRON, may_report=False)
    await ring.add(RAILS)
    await ring.add(silent)

    assert [key.may_report for key in await ring.keys()] == [True, False]
    assert await ring.find(silent.digest) == silent
    assert await ring.revoke("cron", 3000.0) == evolve(silent, revoked_at=3000.0)


async def test_an_unknown_digest_is_not_found(ring: KeyRing) -> None:
    await ring.add(RAILS)

    assert await ring.find(digest_of("rb_other")) is None
    assert await ring.find("") is None


async def test_keys_are_listed_oldest_first_and_by_name_within_one_moment(ring: KeyRing) -> None:
    twin = ApiKey("api", "other", digest_of("rb_api"), created_at=CRON.created_at)
    for key in (CRON, RAILS, twin):
        await ring.add(key)

    assert list(await ring.keys()) == [RAILS, twin, CRON]


async def test_an_empty_ring_has_no_keys(ring: KeyRing) -> None:
    assert list(await ring.keys()) == []


async def test_a_revoked_key_stays_on_record(ring: KeyRing) -> None:
    await ring.add(RAILS)

    revoked = await ring.revoke("rails", 3000.5)

    assert revoked == evolve(RAILS, revoked_at=3000.5)
    assert await ring.find(RAILS.digest) == revoked
    assert list(await ring.keys()) == [revoked]


async def test_the_first_revocation_counts(ring: KeyRing) -> None:
    await ring.add(RAILS)
    await ring.revoke("rails", 3000.0)

    assert await ring.revoke("rails", 4000.0) == evolve(RAILS, revoked_at=3000.0)


async def test_revoking_one_key_leaves_the_others_alone(ring: KeyRing) -> None:
    await ring.add(RAILS)
    await ring.add(CRON)

    await ring.revoke("rails", 3000.0)

    assert await ring.find(CRON.digest) == CRON


async def test_revoking_a_key_that_does_not_exist_gives_nothing(ring: KeyRing) -> None:
    assert await ring.revoke("nobody", 3000.0) is None


@pytest.mark.parametrize("second", [evolve(CRON, name="rails"), evolve(CRON, digest=RAILS.digest)])
async def test_a_name_or_a_secret_is_never_used_twice(ring: KeyRing, second: ApiKey) -> None:
    await ring.add(RAILS)

    with pytest.raises(KeyExists):
        await ring.add(second)

    assert list(await ring.keys()) == [RAILS]


async def test_the_name_of_a_revoked_key_is_not_free_again(ring: KeyRing) -> None:
    await ring.add(RAILS)
    await ring.revoke("rails", 3000.0)

    with pytest.raises(KeyExists):
        await ring.add(evolve(CRON, name="rails"))


@pytest.mark.parametrize("name", ["Ünïcode ☃", "with 'quotes' and \"more\"", "a; DROP TABLE api_keys", "%_", "RAILS"])
async def test_awkward_names_are_just_names(ring: KeyRing, name: str) -> None:
    awkward = evolve(CRON, name=name)
    await ring.add(RAILS)
    await ring.add(awkward)

    assert await ring.revoke(name, 3000.0) == evolve(awkward, revoked_at=3000.0)
    assert await ring.find(RAILS.digest) == RAILS
