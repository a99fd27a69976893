import random

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import bans as module
from domain.bans import Bans
from domain.caching import StoredAnswer
from domain.catalogue import Selection
from domain.generation import Citation
from domain.purging import Purge
from domain.questions import Fingerprint
from tests.builders import a_completion, a_fingerprint, a_question, a_stored_answer


def a_purge(number: int, what: Selection | Fingerprint | None = None, **fields: object) -> Purge:
    tenant = what.tenant if isinstance(what, Selection) else "acme"
    return Purge(
        **{"uid": f"{number}", "tenant": tenant, "at": 0.0, **fields}, what=what or Selection("acme"), number=number
    )


def knowing(*purges: Purge) -> Bans:
    bans = Bans()
    for each in purges:
        bans.note(each)
    return bans


PURGED = st.one_of(
    st.builds(
        Selection,
        st.sampled_from(["acme", "globex"]),
        st.sampled_from([None, "", "support"]),
        st.sampled_from([None, "a", "b"]),
        st.sampled_from([None, "small", "alias"]),
        st.sampled_from([None, "README.md"]),
        st.sampled_from([None, 50.0, 150.0]),
    ),
    st.integers(0, 3).map(a_fingerprint),
)

ANSWERS = st.builds(
    lambda number, tags, cites, stored_at, epoch, **fields: a_stored_answer(
        number,
        completion=a_completion(model="small", citations=(Citation("README.md", "So."),) * cites),
        tags=tuple(sorted(tags)),
        stored_at=stored_at,
        epoch=epoch,
        **fields,
    ),
    number=st.integers(0, 3),
    tags=st.sets(st.sampled_from("abc")),
    cites=st.integers(0, 2),
    stored_at=st.sampled_from([40.0, 100.0, 200.0]),
    epoch=st.integers(0, 12),
    tenant=st.just("acme"),
    namespace=st.sampled_from(["", "support"]),
    requested_model=st.sampled_from(["", "alias"]),
)


class TestSpoiling:
    @settings(max_examples=400)
    @given(purged=st.lists(PURGED, max_size=12), stored=ANSWERS)
    def test_it_is_as_if_every_purge_were_looked_at(
        self, purged: list[Selection | Fingerprint], stored: StoredAnswer
    ) -> None:
        purges = [a_purge(number, what) for number, what in enumerate(purged, 1)]
        bans = knowing(*purges)
        # A tenant's key names its own entries only.
        assert bans.spoil(stored) == any(each.number > stored.epoch and each.takes(stored) for each in purges)

    def test_what_was_stored_in_the_knowledge_of_a_purge_is_spared(self) -> None:
        bans = knowing(a_purge(5))

        assert bans.spoil(a_stored_answer(epoch=4))
        assert not bans.spoil(a_stored_answer(epoch=5))

    def test_other_tenants_are_not_concerned(self) -> None:
        assert not knowing(a_purge(5)).spoil(a_stored_answer(tenant="globex"))


class TestEpochs:
    def test_a_purge_of_many_begins_one_of_all_that_a_tenant_asks(self) -> None:
        bans, question = Bans(), a_question()
        before = bans.epoch_of(question)
        bans.note(a_purge(1, Selection("acme", tag="a")))

        assert bans.epoch_of(question) != before
        assert bans.epoch_of(a_question(tenant="globex")) == before

    def test_a_purge_of_one_entry_begins_one_of_its_question(self) -> None:
        bans, question = Bans(), a_question()
        before = bans.epoch_of(question)

        bans.note(a_purge(1, a_fingerprint(7)))
        assert bans.epoch_of(question) == before
        bans.note(a_purge(2, question.fingerprint))
        assert bans.epoch_of(question) != before

    def test_a_purge_overtakes_only_what_it_takes(self) -> None:
        bans = knowing(a_purge(1))
        epoch = bans.epoch_of(a_question())
        bans.note(a_purge(2, Selection("acme", tag="a")))

        stored = a_stored_answer(epoch=epoch.seen)
        assert bans.overtook(epoch, evolve(stored, tags=("a", "b")))
        assert not bans.overtook(epoch, evolve(stored, tags=("b",)))

    def test_in_a_new_era_all_that_was_under_way_is_overtaken(self) -> None:
        bans = knowing(a_purge(1), a_purge(2, Selection("globex")))
        epoch = bans.epoch_of(a_question())
        bans.begin_anew()

        assert bans.overtook(epoch, a_stored_answer(epoch=2))
        assert bans.spoil(a_stored_answer(epoch=0))

        bans.begin_anew([a_purge(3, Selection("globex"))])
        assert [each.number for each in bans.known] == [3]
        assert not bans.spoil(a_stored_answer(epoch=0))


class TestForgetting:
    def test_what_was_under_way_for_very_many_purges_counts_as_purged(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "KEPT", 3)
        bans = knowing(a_purge(1))
        epoch, stored = bans.epoch_of(a_question()), a_stored_answer(1, epoch=1)
        for number in range(2, 5):
            bans.note(a_purge(number, Selection("globex", tag=f"{number}")))
        assert not bans.overtook(epoch, stored)

        bans.note(a_purge(5, Selection("globex", tag="5")))
        assert bans.overtook(epoch, stored)
        assert not bans.overtook(bans.epoch_of(a_question()), stored)

    def test_the_oldest_purges_are_forgotten_and_those_that_came_in_their_place_are_not(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "KEPT", 50)
        chance = random.Random(4)  # noqa: S311 - an example, no secret
        kinds = [a_fingerprint(1), a_fingerprint(2), Selection("acme", tag="a"), Selection("acme", stored_before=9.0)]
        purges = [a_purge(number, chance.choice([*kinds, Selection("globex")])) for number in range(1, 400)]
        bans = Bans()
        for count, purge in enumerate(purges, 1):
            bans.note(purge)
            kept = purges[max(0, count - 50) : count]
            for epoch in (0, count - 1):
                stored = a_stored_answer(1, tags=("a",), stored_at=10.0, epoch=epoch)
                assert bans.spoil(stored) == any(each.number > epoch and each.takes(stored) for each in kept)
        for number in range(400, 460):
            bans.note(a_purge(number, Selection("initech")))
        assert not bans.spoil(a_stored_answer(1, tags=("a",)))

    def test_those_behind_the_last_that_others_know_are_named_in_order(self) -> None:
        bans = knowing(*(a_purge(number) for number in range(1, 6)))

        assert [each.number for each in bans.behind({"1", "3"})] == [4, 5]
        assert [each.number for each in bans.behind({"5"})] == []
        assert len(bans.behind(set())) == 5
        assert Bans().behind({"1"}) == []
