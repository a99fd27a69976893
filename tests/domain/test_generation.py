from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from domain.generation import AnswerCutShort, Chunk, Citation, Completion, FinishReason
from domain.tokens import TokenUsage
from domain.wires import Wire
from tests.builders import a_completion

STOP = Chunk(finish_reason=FinishReason.STOP)


def fold(*chunks: Chunk) -> Completion:
    return Completion.fold("openai", "asked-for", chunks)


def test_the_pieces_are_put_together_in_order() -> None:
    assert fold(Chunk("one "), Chunk("two"), STOP).text == "one two"


def test_the_last_usage_and_model_count() -> None:
    folded = fold(Chunk("a", usage=TokenUsage(1, 1), model="first"), Chunk(usage=TokenUsage(3, 4), model="exact"), STOP)

    assert (folded.usage, folded.usage.total, folded.model) == (TokenUsage(3, 4), 7, "exact")


def test_what_the_provider_does_not_say_is_not_made_up() -> None:
    folded = fold(Chunk("a"), STOP)

    assert (folded.provider, folded.model, folded.usage) == ("openai", "asked-for", TokenUsage(0, 0))


def test_the_last_cost_counts_and_none_is_unknown() -> None:
    first, last = Chunk("a", cost=Decimal("0.1")), Chunk(cost=Decimal("0.3"))

    assert fold(first, last, STOP).cost == Decimal("0.3")
    assert fold(Chunk("a"), STOP).cost is None


def test_of_running_totals_each_larger_count_is_the_later() -> None:
    assert TokenUsage(5, 1, 3).or_more(TokenUsage(0, 9, 0, 2, 7)) == TokenUsage(5, 9, 3, 2, 7)


def test_citations_are_gathered() -> None:
    one, two = Citation("a.md", "x"), Citation("b.md", "y")

    assert fold(Chunk("a", citations=(one,)), Chunk("b", citations=(two,)), STOP).citations == (one, two)


@pytest.mark.parametrize("chunks", [(), (Chunk("half an ans"),)])
def test_a_stream_without_an_end_is_no_answer(chunks: tuple[Chunk, ...]) -> None:
    with pytest.raises(AnswerCutShort):
        fold(*chunks)


@pytest.mark.parametrize("reason", [each for each in FinishReason if each is not FinishReason.STOP])
def test_an_answer_that_did_not_finish_of_its_own_accord_is_not_whole(reason: FinishReason) -> None:
    assert not a_completion(finish_reason=reason).is_whole


def test_an_empty_answer_is_not_whole() -> None:
    assert a_completion("An answer.").is_whole
    assert not a_completion(" \n").is_whole


def test_a_character_that_came_in_two_halves_is_one_again() -> None:
    assert fold(Chunk("a \ud83d"), Chunk("\ude00 b"), STOP).text == "a \U0001f600 b"


def test_half_a_character_alone_is_replaced_so_that_the_answer_can_be_sent_and_kept() -> None:
    text = fold(Chunk("Gr\u00fc\u00dfe \ud83d"), STOP).text

    assert text == "Gr\u00fc\u00dfe \ufffd"
    assert text.encode()


@given(st.builds(Completion, extras=st.none() | st.builds(Wire, st.text(), st.dictionaries(st.text(), st.text()))))
def test_an_answer_given_again_as_chunks_is_the_same_answer(completion: Completion) -> None:
    again = Completion.fold(completion.provider, completion.model, completion.replay())

    assert repr(again) == repr(completion), "every field of a completion must be on one of its chunks"


def test_a_long_answer_is_given_again_in_pieces_of_a_moderate_size() -> None:
    sizes = [len(each.text) for each in a_completion("word " * 2_000).replay()]

    assert sizes == [4_000, 4_000, 2_000, 0]


def test_what_the_response_held_besides_the_text_is_kept_and_replayed() -> None:
    extras = Wire("openai", {"system_fingerprint": "fp_1"})
    folded = fold(Chunk("a"), evolve(STOP, extras=extras))

    assert folded.extras == extras
    assert fold(*folded.replay()) == folded


def test_calls_of_tools_are_whole_where_they_are_known() -> None:
    calls = Wire("openai", {"choices": [{"message": {"tool_calls": []}}]})

    assert a_completion("", finish_reason=FinishReason.TOOL_CALLS, extras=calls).is_whole
