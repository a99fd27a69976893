import pytest

from adapters.language_model.known_models import context_window, count_tokens
from domain.prompts import Message, Prompt, Role


@pytest.mark.parametrize(
    ("kind", "base_url", "model", "window"),
    [
        ("openai", None, "gpt-4o", 128_000),
        ("anthropic", None, "claude-sonnet-4-5", 200_000),
        ("openai", None, "nobody-knows-it", None),
        ("openai", "http://localhost:11434/v1", "llama3.2", None),
    ],
)
def test_windows_are_known_offline(kind: str, base_url: str | None, model: str, window: int | None) -> None:
    assert context_window(kind, base_url, model) == window


def test_tokens_are_counted_as_openai_does_and_a_message_is_more_than_its_text() -> None:
    messages = (Message(Role.SYSTEM, "Be true."), Message(Role.USER, "How do I reset my password?"))
    assert count_tokens(Prompt("m", messages)) == 4 + 3 + 4 + 7


def test_however_long_a_text_is_it_is_counted() -> None:
    assert count_tokens(Prompt("m", (Message(Role.USER, "word " * 240_000),))) > 240_000
