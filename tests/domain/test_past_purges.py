"""Purges by the clock."""

from math import inf

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalogue import Selection
from domain.past_purges import PastPurges, limited
from domain.purging import Purge
from tests.builders import a_completion, a_fingerprint, a_stored_answer

LETTERS = st.sampled_from(["a", "b"])
MAYBE = st.none() | LETTERS
TIMES = st.integers(0, 10).map(float)
SELECTIONS = st.builds(
    Selection, tenant=LETTERS, namespace=MAYBE, tag=MAYBE, model=MAYBE, stored_before=st.none() | TIMES
)
ENTRIES = st.integers(0, 3).map(a_fingerprint)


def a_purge(what: object, at: float = 100.0) -> Purge:
    return Purge(f"{what}{at}", "acme", what, at)  # type: ignore[arg-type]


ALL = Selection("acme")


@pytest.mark.parametrize(("stored_at", "taken"), [(99.0, True), (100.0, True), (100.1, False)])
@pytest.mark.parametrize("what", [ALL, a_fingerprint(1)], ids=["all", "one"])
def test_a_purge_takes_what_was_there_and_nothing_that_came_later(what: object, stored_at: float, taken: bool) -> None:
    assert PastPurges([a_purge(what)]).took(a_stored_answer(stored_at=stored_at, epoch=7)) is taken


def test_without_purges_nothing_was_taken() -> None:
    assert not PastPurges([]).took(a_stored_answer())


def test_an_older_purge_does_not_undo_a_newer_one() -> None:
    purges = [a_purge(a_fingerprint(1), 200.0), a_purge(a_fingerprint(1), 100.0)]

    assert PastPurges(purges).took(a_stored_answer(stored_at=150.0))


@given(
    st.lists(st.builds(Purge, uid=st.just(""), tenant=LETTERS, what=SELECTIONS | ENTRIES, at=TIMES), max_size=6),
    st.tuples(st.integers(0, 3), LETTERS, LETTERS, st.lists(LETTERS, max_size=2, unique=True), LETTERS, TIMES),
)
@settings(max_examples=500, deadline=None, derandomize=True, database=None)
def test_it_is_as_if_each_were_looked_at(
    purges: list[Purge], described: tuple[int, str, str, list[str], str, float]
) -> None:
    number, tenant, namespace, tags, model, stored_at = described
    purges = [evolve(each, tenant=getattr(each.what, "tenant", each.tenant)) for each in purges]
    stored = a_stored_answer(
        number,
        tenant=tenant,
        namespace=namespace,
        tags=tuple(tags),
        completion=a_completion(model=model),
        stored_at=stored_at,
    )

    taken = any(each.at >= stored_at and each.takes(stored) for each in purges)

    assert PastPurges(purges).took(stored) is taken


def test_a_limited_purge_takes_nothing_later_whoever_looks() -> None:
    narrow = limited(a_purge(Selection("acme", tag="a", stored_before=50.0)))
    wide = limited(a_purge(Selection("acme", stored_before=inf)))

    assert isinstance(narrow.what, Selection)
    assert isinstance(wide.what, Selection)
    assert (narrow.what.stored_before, narrow.what.tag) == (50.0, "a")
    assert wide.what.matches(a_stored_answer(stored_at=100.0))
    assert not wide.what.matches(a_stored_answer(stored_at=100.001))
    assert limited(a_purge(a_fingerprint(1))) == a_purge(a_fingerprint(1))
