"""What is gathered from the events of a stream in OpenAI's format."""

from typing import Any

from adapters.language_model.openai_events import Extras, says_something


def whole(*deltas: dict[str, Any], **around: Any) -> Any:
    extras = Extras()
    for delta in deltas:
        extras.take({"id": "x", "choices": [{"index": 0, "delta": delta}], **around})
    return extras.whole().body


def message(*deltas: dict[str, Any]) -> Any:
    return whole(*deltas)["choices"][0]["message"]


def test_pieces_of_an_index_are_put_together_and_their_numbers_left_out() -> None:
    pieces = [
        {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": "{"}}]},
        {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"arguments": "{}"}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "}"}}]},
    ]
    assert message({"role": "assistant", "content": None}, *pieces)["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]


def test_the_text_is_left_to_the_completion_and_its_absence_is_told() -> None:
    assert message({"role": "assistant", "content": ""}, {"content": "Yes."}) == {}
    assert message({"role": "assistant", "content": None}, {"refusal": "No"}, {"refusal": "."}) == {
        "refusal": "No.",
        "content": None,
    }


def test_what_has_no_index_follows_one_another() -> None:
    assert message({"content": "x", "annotations": [1]}, {"annotations": [{"a": 2}, "b"]}) == {
        "annotations": [1, {"a": 2}, "b"]
    }


def test_what_is_told_otherwise_later_counts() -> None:
    assert message({"content": "x", "mood": {"at": 1}}, {"mood": [2]}, {"mood": {"of": 3}}) == {"mood": {"of": 3}}
    assert whole({"content": "x"}, usage=None, tier="a", obfuscation="zzz")["tier"] == "a"
    assert whole(usage={"n": 1}, model="m") == {"choices": []}


def test_calls_without_numbers_are_kept_as_they_are() -> None:
    assert message({"content": "", "tool_calls": ["odd"]}) == {"tool_calls": ["odd"]}


def test_halves_of_characters_are_put_together() -> None:
    assert message({"refusal": "\ud83d"}, {"refusal": "\ude00 \ud83d"})["refusal"] == "😀 \ufffd"


def test_an_event_says_something_where_there_is_more_than_who_speaks() -> None:
    def event(**delta: Any) -> dict[str, Any]:
        return {"choices": [{"delta": delta}]}

    assert not any(
        map(says_something, [{}, {"choices": None}, {"choices": [{"delta": None}]}, event(role="assistant")])
    )
    assert all(map(says_something, [event(content="x"), event(tool_calls=[{"index": 0}])]))
