"""What every answer cache promises, and every catalogue of one: told once and run over each."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from adapters.answer_cache.layered import LayeredAnswerCache
from adapters.answer_cache.memory import MemoryAnswerCache
from adapters.answer_cache.redis import RedisAnswerCache
from adapters.answer_cache.sqlite import SqliteAnswerCache
from adapters.redis_address import parse_address
from adapters.redis_connection import RedisConnection
from domain.caching import CLOCK_SKEW, AnswerCache, Lifetime, StoredAnswer
from domain.catalogue import Holdings, Selection
from domain.generation import Citation, FinishReason
from domain.questions import Fingerprint
from domain.tokens import TokenUsage
from tests.builders import a_completion, a_fingerprint, a_stored_answer
from tests.redis_servers import PATIENCE, redis_kinds, shared_cluster, shared_server, skip_without_redis

Store = MemoryAnswerCache | SqliteAnswerCache | RedisAnswerCache
NOW = 1_000_000.0

AWKWARD = {
    "empty": "",
    "a blank": " ",
    "umlauts": "Größe",
    "Japanese": "日本語",
    "emoji": "👩‍👩‍👧‍👦🦊" * 10,
    "combining": "e\u0301 \u202e right to left \ufeff",
    "control characters": "\x01\t\r\n\x1f\x7f\u2028",
    "SQL": "'; DROP TABLE answers; -- ? :a @b $c",
    "JSON": '{"text": null}',
    "100 KB": "x" * 100_000,
    "100 KB of emoji": "🦊" * 25_000,
}


@frozen
class Kept:
    """A cache, and the catalogue of what it keeps in the end."""

    cache: AnswerCache
    store: Store


def keep(kind: str, folder: Path) -> Kept:
    front, _, back = kind.rpartition(" before ")
    store: Store
    if back.startswith("redis"):
        store = RedisAnswerCache(connect(back, folder.name))
    else:
        store = SqliteAnswerCache(folder / "answers.db") if back == "sqlite" else MemoryAnswerCache()
    limit = {"memory": float("inf"), "little memory": 3_000, "no memory": 0}.get(front, 0)
    return Kept(LayeredAnswerCache(MemoryAnswerCache(limit), store) if front else store, store)


def connect(kind: str, prefix: str) -> RedisConnection:
    skip_without_redis()
    url = shared_cluster().url.replace("redis:", "redis+cluster:") if "cluster" in kind else shared_server().url
    return RedisConnection(parse_address(url), prefix, timeout=PATIENCE)


STORES = ("memory", "sqlite", "redis", "redis cluster")
CACHES = (
    *STORES,
    "memory before memory",
    "memory before sqlite",
    "little memory before sqlite",
    "no memory before sqlite",
    "memory before redis",
)


async def close(store: Store) -> None:
    if isinstance(store, SqliteAnswerCache | RedisAnswerCache):
        await store.close()
    if isinstance(store, RedisAnswerCache):
        await store._connection.close()  # noqa: SLF001 - made for it alone


@pytest.fixture(params=CACHES)
async def cache(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnswerCache]:
    kept = keep(request.param, tmp_path)
    yield kept.cache
    await close(kept.store)


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = keep(request.param, tmp_path).store
    yield made
    await close(made)


async def held(cache: AnswerCache, numbers: Sequence[int]) -> list[int]:
    found = await cache.get([a_fingerprint(each) for each in numbers])
    return sorted(int(each, 16) for each in found)


def saying(number: int, text: str, **fields: Any) -> StoredAnswer:
    return a_stored_answer(number, completion=a_completion(text), **fields)


async def use_in_disorder(cache: AnswerCache, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - an example, no secret
    for _ in range(40):
        numbers = chance.sample(range(12), 3)
        names = [a_fingerprint(each) for each in numbers]
        match chance.choice(["put", "get", "get", "get", "remove", "touch"]):
            case "put":
                await cache.put([saying(each, f"{each} by {seed} " * 50) for each in numbers])
            case "remove":
                await cache.remove(names)
            case "touch":
                await cache.touch(names[0], NOW)
            case _:
                check_wholeness(await cache.get(names))


def check_wholeness(found: Mapping[Fingerprint, StoredAnswer]) -> None:
    for name, answer in found.items():
        number, _, writer, *_ = answer.completion.text.split()
        assert answer.fingerprint == name == a_fingerprint(int(number))
        assert answer.completion.text == f"{number} by {writer} " * 50


class TestAnswerCache:
    async def test_what_was_put_is_given_as_it_was(self, cache: AnswerCache) -> None:
        stored = a_stored_answer(
            7,
            namespace="support",
            question="What is it?",
            completion=a_completion(
                "It is.",
                provider="openai",
                model="gpt",
                usage=TokenUsage(3, 5),
                finish_reason=FinishReason.STOP,
                citations=(Citation("README.md", "It is."), Citation("docs/api.md", "Is it?")),
            ),
            stored_at=1_234_567.890123,
            lifetime=Lifetime(0.25, 1e9, 0),
            tags=("billing", "rails"),
            accesses=3,
            accessed_at=1_234_568.5,
        )

        await cache.put([stored])

        assert await cache.get([stored.fingerprint]) == {stored.fingerprint: stored}

    async def test_what_is_not_there_is_left_out(self, cache: AnswerCache) -> None:
        await cache.put([a_stored_answer(1), a_stored_answer(2)])

        assert await held(cache, [1, 2, 3]) == [1, 2]
        assert await cache.get([a_fingerprint(4)]) == {}

    async def test_nothing_to_do_is_done(self, cache: AnswerCache) -> None:
        await cache.put([])
        await cache.remove([])

        assert await cache.get([]) == {}

    async def test_asking_twice_for_the_same_gives_it_once(self, cache: AnswerCache) -> None:
        await cache.put([a_stored_answer(1)])

        assert await held(cache, [1, 1, 1, 2]) == [1]

    async def test_one_put_again_replaces_what_was_there(self, cache: AnswerCache) -> None:
        await cache.put([saying(1, "Before."), saying(2, "Another.")])
        await cache.put([saying(1, "After.")])

        found = await cache.get([a_fingerprint(1), a_fingerprint(2)])
        assert {int(name, 16): each.completion.text for name, each in found.items()} == {1: "After.", 2: "Another."}

    async def test_the_last_of_two_in_one_call_counts(self, cache: AnswerCache) -> None:
        await cache.put([saying(1, "First."), saying(2, "Second."), saying(1, "Last.")])

        found = await cache.get([a_fingerprint(1), a_fingerprint(2)])
        assert {int(name, 16): each.completion.text for name, each in found.items()} == {1: "Last.", 2: "Second."}

    async def test_what_was_removed_is_gone_and_the_rest_is_not(self, cache: AnswerCache) -> None:
        await cache.put([a_stored_answer(number) for number in range(5)])
        await held(cache, range(5))

        await cache.remove([a_fingerprint(1), a_fingerprint(3), a_fingerprint(3), a_fingerprint(99)])

        assert await held(cache, range(5)) == [0, 2, 4]

    async def test_what_was_removed_can_be_put_again(self, cache: AnswerCache) -> None:
        await cache.put([saying(1, "Before.")])
        await cache.remove([a_fingerprint(1)])
        await cache.put([saying(1, "After.")])

        assert (await cache.get([a_fingerprint(1)]))[a_fingerprint(1)].completion.text == "After."

    async def test_freshness_is_none_of_its_business(self, cache: AnswerCache) -> None:
        dead = a_stored_answer(1, stored_at=0.0, lifetime=Lifetime(ttl=0))
        unborn = a_stored_answer(2, stored_at=1e12)
        await cache.put([dead, unborn])

        assert await held(cache, [1, 2]) == [1, 2]

    @pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD)
    async def test_any_text_comes_back_as_it_was(self, cache: AnswerCache, text: str) -> None:
        quoted = a_completion(text, model=text, citations=(Citation(text, text),))
        stored = a_stored_answer(1, tenant=text, namespace=text, question=text, completion=quoted, tags=(text,))

        await cache.put([stored])

        assert await cache.get([stored.fingerprint]) == {stored.fingerprint: stored}

    @pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD)
    async def test_any_text_can_be_a_key(self, cache: AnswerCache, text: str) -> None:
        name = Fingerprint(text)
        await cache.put([a_stored_answer(fingerprint=name), a_stored_answer(1)])
        assert list(await cache.get([name])) == [name]

        await cache.touch(name, NOW)
        await cache.remove([name])

        assert list(await cache.get([name, a_fingerprint(1)])) == [a_fingerprint(1)]

    async def test_many_tags(self, cache: AnswerCache) -> None:
        tags = tuple(f"tag {number}" for number in range(5_000))
        await cache.put([a_stored_answer(1, tags=(*tags, *tags))])

        assert (await cache.get([a_fingerprint(1)]))[a_fingerprint(1)].tags == (*tags, *tags)

    async def test_more_names_than_one_statement_takes(self, cache: AnswerCache) -> None:
        await cache.put([a_stored_answer(number) for number in (0, 20_000, 39_999)])

        assert await held(cache, range(40_000)) == [0, 20_000, 39_999]
        await cache.remove([a_fingerprint(number) for number in range(1, 40_000)])
        assert await held(cache, range(40_000)) == [0]

    async def test_a_touch_changes_nothing_that_is_served(self, cache: AnswerCache) -> None:
        stored = a_stored_answer(1)
        await cache.put([stored])

        await cache.touch(a_fingerprint(1), NOW + 1)
        await cache.touch(a_fingerprint(2), NOW + 1)

        found = (await cache.get([a_fingerprint(1), a_fingerprint(2)])).values()
        assert [evolve(each, accesses=0, accessed_at=NOW) for each in found] == [stored]

    async def test_all_or_none_of_a_put_is_kept(self, cache: AnswerCache) -> None:
        await cache.put([saying(1, "Before.")])
        unwritable = saying(3, "half a pair: \ud83d")

        try:
            await cache.put([saying(1, "After."), saying(2, "New."), unwritable])
        except UnicodeEncodeError:
            expected = {1: "Before."}
        else:
            expected = {1: "After.", 2: "New.", 3: "half a pair: \ud83d"}

        found = await cache.get([a_fingerprint(number) for number in (1, 2, 3)])
        assert {int(name, 16): each.completion.text for name, each in found.items()} == expected

    async def test_many_at_once_see_only_whole_answers_to_their_own_question(self, cache: AnswerCache) -> None:
        await asyncio.gather(*(use_in_disorder(cache, seed) for seed in range(20)))

        last = {a_fingerprint(number): saying(number, "The end.") for number in range(12)}
        await cache.put(tuple(last.values()))
        assert await cache.get(tuple(last)) == last

    async def test_a_read_that_begins_after_a_write_sees_it(self, cache: AnswerCache) -> None:
        async def write_and_read(number: int) -> None:
            name = a_fingerprint(number)
            for turn in range(15):
                await cache.put([saying(number, f"turn {turn}")])
                assert (await cache.get([name]))[name].completion.text == f"turn {turn}"
                await cache.remove([name])
                assert await cache.get([name]) == {}

        await asyncio.gather(*(write_and_read(number) for number in range(20)))


class TestAnswerCatalogue:
    async def test_each_field_narrows_a_selection_and_together_they_narrow_more(self, store: Store) -> None:
        chance = random.Random(5)  # noqa: S311 - an example, no secret
        answers = [
            a_stored_answer(
                number,
                tenant=chance.choice(["acme", "globex"]),
                namespace=chance.choice(["", "support"]),
                completion=a_completion(
                    model=chance.choice(["small", "large"]),
                    citations=(Citation("README.md", "It is."), Citation("README.md", "Is it?"))[: chance.randrange(3)],
                ),
                requested_model=chance.choice(["", "small", "alias"]),
                tags=tuple(chance.sample(["a", "b", "ü🦊"], chance.randrange(3))),
                stored_at=NOW + chance.randrange(4),
            )
            for number in range(120)
        ]
        await store.put(answers)

        for wanted in (
            Selection(tenant, namespace, tag, model, document, before)
            for tenant in ("acme", "globex", "nobody")
            for namespace in (None, "", "support", "none")
            for tag in (None, "a", "ü🦊", "A")
            for model in (None, "small", "alias", "none")
            for document in (None, "README.md", "none")
            for before in (None, NOW, NOW + 2, NOW + 9)
        ):
            assert sorted(await store.select(wanted)) == [each.fingerprint for each in answers if fits(each, wanted)]

    async def test_a_selection_follows_replacements_and_removals(self, store: Store) -> None:
        await store.put([a_stored_answer(number, tags=("old",)) for number in (1, 2, 3)])
        await store.put([a_stored_answer(1, tags=("new",), namespace="elsewhere")])
        await store.remove([a_fingerprint(2)])

        assert list(await store.select(Selection("acme", tag="old"))) == [a_fingerprint(3)]
        assert list(await store.select(Selection("acme", tag="new"))) == [a_fingerprint(1)]
        assert list(await store.select(Selection("acme", namespace=""))) == [a_fingerprint(3)]

    async def test_nothing_is_held_at_first(self, store: Store) -> None:
        assert await store.measure() == await store.measure("acme") == Holdings()
        assert list(await store.select(Selection("acme"))) == list(await store.page(None, 5)) == []
        assert list(await store.expendable(NOW, 10**9)) == []

    async def test_totals_are_kept_through_replacing_removing_and_touching(self, store: Store) -> None:
        await store.put([a_stored_answer(1), a_stored_answer(2, tenant="globex", accesses=5)])
        await store.put([a_stored_answer(3, tenant="globex", accesses=2)])
        assert await counts(store) == {"acme": (1, 0), "globex": (2, 7), None: (3, 7)}

        await touch(store, 1, 1, 3, 99)
        assert await counts(store) == {"acme": (1, 2), "globex": (2, 8), None: (3, 10)}

        await store.put([a_stored_answer(3, tenant="globex")])
        assert await counts(store) == {"acme": (1, 2), "globex": (2, 5), None: (3, 7)}

        await store.remove([a_fingerprint(1), a_fingerprint(2), a_fingerprint(99)])
        assert await counts(store) == {"acme": (0, 0), "globex": (1, 0), None: (1, 0)}

        await store.remove([a_fingerprint(3)])
        assert await store.measure() == Holdings()

    async def test_hits_of_what_is_gone_do_not_count_for_what_comes_in_its_place(self, store: Store) -> None:
        await store.put([a_stored_answer(1), a_stored_answer(2)])
        await touch(store, 1, 2, 2)

        await store.put([a_stored_answer(1)])
        await store.remove([a_fingerprint(2)])
        await store.put([a_stored_answer(2)])

        assert await store.get([a_fingerprint(1), a_fingerprint(2)]) == {
            a_fingerprint(1): a_stored_answer(1),
            a_fingerprint(2): a_stored_answer(2),
        }
        assert await store.measure() == Holdings(2, (await store.measure()).size, 0)

    async def test_a_touch_is_seen_by_the_next_who_reads(self, store: Store) -> None:
        await store.put([a_stored_answer(1)])

        await store.touch(a_fingerprint(1), NOW + 7)
        await store.touch(a_fingerprint(1), NOW + 8)

        found = await store.get([a_fingerprint(1)])
        assert found == {a_fingerprint(1): a_stored_answer(1, accesses=2, accessed_at=NOW + 8)}

    @pytest.mark.parametrize("text", ["x", "ü", "🦊"])
    async def test_size_follows_the_texts_and_is_given_back_with_them(self, store: Store, text: str) -> None:
        await store.put([saying(1, "short")])
        short = (await store.measure()).size

        await store.put([saying(1, text * 100_000)])
        long = (await store.measure()).size
        assert long - short == pytest.approx(len(text.encode()) * 100_000, rel=0.01)
        assert (await store.measure("acme")).size == long
        assert (await store.measure("globex")).size == 0

        await store.put([saying(1, "short")])
        assert (await store.measure()).size == short

    async def test_the_sources_quoted_count_towards_the_size(self, store: Store) -> None:
        await store.put([a_stored_answer(1, completion=a_completion(citations=(Citation("book", "x" * 50_000),)))])

        assert (await store.measure()).size > 50_000

    async def test_the_dead_are_expendable_whatever_the_excess(self, store: Store) -> None:
        await store.put(
            [
                a_stored_answer(1, lifetime=Lifetime(ttl=10)),
                a_stored_answer(2, lifetime=Lifetime(ttl=10, grace=20, stale_if_error=5)),
                a_stored_answer(3, lifetime=Lifetime(ttl=10, grace=5, stale_if_error=20)),
                a_stored_answer(4, lifetime=Lifetime(ttl=100)),
            ]
        )

        assert list(await store.expendable(NOW + 10, 0)) == []
        assert list(await store.expendable(NOW + 11, 0)) == [a_fingerprint(1)]
        assert sorted(await store.expendable(NOW + 31, 0)) == [a_fingerprint(number) for number in (1, 2, 3)]

    async def test_what_comes_from_the_future_counts_as_dead(self, store: Store) -> None:
        moments = {1: NOW + 3600, 2: NOW + CLOCK_SKEW, 3: NOW}
        await store.put([a_stored_answer(number, stored_at=at, accessed_at=at) for number, at in moments.items()])

        assert list(await store.expendable(NOW, 0)) == [a_fingerprint(1)]

    async def test_those_idle_longest_are_expendable_until_the_excess_is_covered(self, store: Store) -> None:
        for number in range(1, 6):
            await store.put([saying(number, "x" * 10_000, accessed_at=NOW + number)])
        await store.touch(a_fingerprint(1), NOW + 20)
        await store.touch(a_fingerprint(3), NOW + 30)
        each = (await store.measure()).size // 5

        order = [a_fingerprint(number) for number in (2, 4, 5, 1, 3)]
        assert list(await store.expendable(NOW + 40, 0)) == []
        assert list(await store.expendable(NOW + 40, 1)) == order[:1]
        assert list(await store.expendable(NOW + 40, each)) == order[:1]
        assert list(await store.expendable(NOW + 40, each + 1)) == order[:2]
        assert list(await store.expendable(NOW + 40, 10**9)) == order

    async def test_the_dead_go_first_and_what_they_free_is_taken_off_the_excess(self, store: Store) -> None:
        await store.put([saying(1, "x" * 10_000, accessed_at=NOW)])
        await store.put([saying(2, "x" * 10_000, accessed_at=NOW + 1)])
        await store.put([saying(3, "x" * 10_000, accessed_at=NOW + 2, lifetime=Lifetime(ttl=1))])
        each = (await store.measure()).size // 3

        names = [a_fingerprint(number) for number in (3, 1, 2)]
        assert list(await store.expendable(NOW + 50, each - 100)) == names[:1]
        assert list(await store.expendable(NOW + 50, each + 100)) == names[:2]
        assert list(await store.expendable(NOW + 50, 10**9)) == names

    async def test_pages_go_through_all_once_and_in_order(self, store: Store) -> None:
        numbers = random.Random(3).sample(range(10**9), 57)  # noqa: S311 - an example, no secret
        await store.put([a_stored_answer(each) for each in numbers])

        pages: list[list[Fingerprint]] = []
        while page := await store.page(pages[-1][-1] if pages else None, 10):
            pages.append(list(page))

        assert [len(each) for each in pages] == [10, 10, 10, 10, 10, 7]
        assert [each for page in pages for each in page] == sorted(a_fingerprint(each) for each in numbers)

    async def test_a_page_begins_behind_a_name_that_is_gone(self, store: Store) -> None:
        await store.put([a_stored_answer(number) for number in (1, 3)])

        assert list(await store.page(a_fingerprint(2), 5)) == [a_fingerprint(3)]
        assert list(await store.page(a_fingerprint(3), 5)) == []

    async def test_a_store_in_use_answers_a_ping(self, store: Store) -> None:
        await store.ping()
        await store.put([a_stored_answer(1)])
        await store.ping()


async def touch(store: Store, *numbers: int) -> None:
    for number in numbers:
        await store.touch(a_fingerprint(number), NOW + 1)


async def counts(store: Store) -> dict[str | None, tuple[int, int]]:
    measured = {tenant: await store.measure(tenant) for tenant in ("acme", "globex", None)}
    return {tenant: (each.entries, each.accesses) for tenant, each in measured.items()}


def fits(answer: StoredAnswer, wanted: Selection) -> bool:
    return (
        answer.tenant == wanted.tenant
        and (wanted.namespace is None or answer.namespace == wanted.namespace)
        and (wanted.tag is None or wanted.tag in answer.tags)
        and wanted.model in (None, answer.completion.model, answer.requested_model)
        and (wanted.document is None or wanted.document in [each.source for each in answer.completion.citations])
        and (wanted.stored_before is None or answer.stored_at < wanted.stored_before)
    )


NUMBERS = st.integers(0, 7)
ANSWERS = st.builds(
    a_stored_answer,
    NUMBERS,
    tenant=st.sampled_from(["acme", "globex"]),
    completion=st.builds(a_completion, st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
    tags=st.lists(st.sampled_from(["a", "b"]), max_size=2).map(tuple),
    lifetime=st.builds(Lifetime, ttl=st.sampled_from([5.0, 1_000.0])),
)


class AsAPlainDictionary(RuleBasedStateMachine):
    """Whatever is done to it, a cache answers as a dictionary would; a catalogue tells the same story."""

    @initialize(kind=st.sampled_from([each for each in CACHES if redis_kinds() or "redis" not in each]))
    def begin(self, kind: str) -> None:
        self.folder = TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.kind, self.now, self.model = kind, NOW, dict[Fingerprint, StoredAnswer]()
        self.kept = self.run(self.open())

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    async def open(self) -> Kept:
        return keep(self.kind, Path(self.folder.name))

    @rule(answers=st.lists(ANSWERS, max_size=4))
    def put(self, answers: list[StoredAnswer]) -> None:
        self.now += 1
        answers = [evolve(each, stored_at=self.now, accessed_at=self.now) for each in answers]
        self.run(self.kept.cache.put(answers))
        self.model |= {each.fingerprint: each for each in answers}

    @rule(numbers=st.lists(NUMBERS, max_size=4))
    def remove(self, numbers: list[int]) -> None:
        self.run(self.kept.cache.remove([a_fingerprint(each) for each in numbers]))
        for each in numbers:
            self.model.pop(a_fingerprint(each), None)

    @rule(number=NUMBERS)
    def touch(self, number: int) -> None:
        self.now += 1
        name = a_fingerprint(number)
        self.run(self.kept.cache.touch(name, self.now))
        if before := self.model.get(name):
            self.model[name] = evolve(before, accesses=before.accesses + 1, accessed_at=self.now)

    @rule(numbers=st.lists(NUMBERS, max_size=9))
    def get(self, numbers: list[int]) -> None:
        names = {a_fingerprint(each) for each in numbers}
        found = self.run(self.kept.cache.get([a_fingerprint(each) for each in numbers]))
        # A layer in front need not know of the latest hits.
        assert {name: quiet(each) for name, each in found.items()} == {
            name: quiet(each) for name, each in self.model.items() if name in names
        }

    @rule(tenant=st.sampled_from(["acme", "globex"]), tag=st.sampled_from([None, "a", "b"]))
    def select(self, tenant: str, tag: str | None) -> None:
        wanted = Selection(tenant, tag=tag)
        expected = sorted(name for name, each in self.model.items() if fits(each, wanted))
        assert sorted(self.run(self.kept.store.select(wanted))) == expected

    @rule(later=st.sampled_from([0.0, 6.0, 2_000.0]))
    def name_the_dead(self, later: float) -> None:
        now = self.now + later
        dead = sorted(name for name, each in self.model.items() if each.age(now) > each.lifetime.total)
        assert sorted(self.run(self.kept.store.expendable(now, 0))) == dead

    @precondition(lambda self: "sqlite" in self.kind or "redis" in self.kind)
    @rule()
    def reopen(self) -> None:
        self.run(close(self.kept.store))
        self.kept = self.run(self.open())

    @invariant()
    def tells_the_same_story(self) -> None:
        measured = self.run(self.kept.store.measure())
        assert (measured.entries, measured.accesses) == (
            len(self.model),
            sum(each.accesses for each in self.model.values()),
        )
        assert list(self.run(self.kept.store.page(None, 100))) == sorted(self.model)
        assert dict(self.run(self.kept.store.get(sorted(self.model)))) == self.model

    def teardown(self) -> None:
        if hasattr(self, "kept"):
            self.run(close(self.kept.store))
            self.run(self.loop.shutdown_default_executor())
            self.loop.close()
            self.folder.cleanup()


def quiet(answer: StoredAnswer) -> StoredAnswer:
    return evolve(answer, accesses=0, accessed_at=0.0)


TestAsAPlainDictionary = AsAPlainDictionary.TestCase
TestAsAPlainDictionary.settings = settings(
    max_examples=90, stateful_step_count=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
