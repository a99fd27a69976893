"""What is gathered from the events of a stream in Anthropic's format."""

from typing import Any

import pytest

from adapters.language_model.anthropic_events import Extras, says_something


def start(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, **piece: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": piece}


def gathered(*events: dict[str, Any]) -> Any:
    extras = Extras()
    for event in events:
        extras.take(event)
    return extras.whole().body


def test_blocks_are_put_together_and_a_single_text_is_left_to_the_completion() -> None:
    assert gathered(
        start(0, type="thinking", thinking="", signature=""),
        delta(0, type="thinking_delta", thinking="Hm, "),
        delta(0, type="thinking_delta", thinking="yes."),
        delta(0, type="signature_delta", signature="abc"),
        start(1, type="text", text="Ye"),
        delta(1, type="text_delta", text="s."),
        delta(1, type="citations_delta", citation={"cited_text": "x"}),
        start(2, type="tool_use", id="t", name="f", input={}),
        delta(2, type="input_json_delta", partial_json=""),
        delta(2, type="input_json_delta", partial_json='{"a"'),
        delta(2, type="input_json_delta", partial_json=": 1}"),
    )["content"] == [
        {"type": "thinking", "thinking": "Hm, yes.", "signature": "abc"},
        {"type": "text", "citations": [{"cited_text": "x"}]},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
    ]


def test_several_texts_stay_where_they_are() -> None:
    texts = [start(0, type="text", text="a"), start(1, type="text"), delta(2, type="text_delta", text="b")]
    assert gathered(*texts)["content"] == [
        {"type": "text", "text": "a"},
        {"type": "text", "text": ""},
        {"type": "text", "text": "b"},
    ]


def test_a_call_that_was_cut_short_has_nothing() -> None:
    cut = [start(0, type="tool_use", input={}), delta(0, type="input_json_delta", partial_json='{"a')]
    assert gathered(*cut)["content"] == [{"type": "tool_use", "input": {}}]


def test_what_is_counted_later_is_added_to_what_was_counted_first() -> None:
    message = {"id": "x", "model": "m", "stop_reason": None, "usage": {"input_tokens": 3, "service_tier": "standard"}}
    ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}
    assert gathered({"type": "message_start", "message": message}, {"type": "something_new"}, ended) == {
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "service_tier": "standard", "output_tokens": 4},
        "content": [],
    }


def test_halves_of_characters_are_put_together() -> None:
    halves = [delta(0, type="thinking_delta", thinking=each) for each in ("\ud83d", "\ude00")]
    assert gathered(start(0, type="thinking"), *halves)["content"][0]["thinking"] == "😀"


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"type": "message_start", "message": {}}, False),
        ({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, False),
        (start(0, type="text", text=""), False),
        (start(0, type="text", text="x"), True),
        (start(0, type="tool_use", input={}), True),
        (delta(0, type="thinking_delta", thinking="x"), True),
    ],
)
def test_an_event_says_something_where_it_holds_a_piece_of_an_answer(event: dict[str, Any], says: bool) -> None:
    assert says_something(event) is says
