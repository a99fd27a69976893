"""The offline default: true quotations, or a plain word that nothing is known."""

import sys
from collections.abc import Sequence
from subprocess import run

import pytest

from adapters.language_model.extractive import NOTHING_KNOWN, ExtractiveLanguageModel, Passage
from domain.generation import Citation, Completion, FinishReason
from domain.prompts import Message, Prompt, Role
from domain.tokens import TokenUsage

PASSAGES = (
    Passage(
        "README.md", "Two commands", "Start the server with two commands:\n\n    pip install .\n    ragboost serve"
    ),
    Passage(
        "README.md",
        "Forgetting",
        "A purge removes one answer, e.g. a wrong one. Nobody is asked. A purge by tag removes every answer of it.",
    ),
    Passage("docs/lifetime.md", "Lifetime", "An answer stays fresh for 3600 seconds. In its grace it is served stale."),
    Passage("docs/api.md", "", "Every problem carries the identifier of its request."),
)


async def ask(question: str, passages: Sequence[Passage] = PASSAGES) -> Completion:
    model = ExtractiveLanguageModel(passages)
    prompt = Prompt("whatever", (Message(Role.SYSTEM, "Talk about purges."), Message(Role.USER, question)))
    return Completion.fold("extractive", prompt.model, [chunk async for chunk in model.stream(prompt)])


async def test_it_quotes_the_sentence_and_names_its_place() -> None:
    answer = await ask("How long does an answer stay fresh?")
    assert answer.text == '"An answer stays fresh for 3600 seconds." — docs/lifetime.md, Lifetime'
    assert answer.citations == (
        Citation("docs/lifetime.md, Lifetime", "An answer stays fresh for 3600 seconds.", "docs/lifetime.md"),
    )
    assert (answer.finish_reason, answer.usage) == (FinishReason.STOP, TokenUsage(0, 0))


async def test_other_forms_of_a_word_are_the_same_word() -> None:
    assert "3600 seconds" in (await ask("Are answers staying FRESH?")).text


async def test_a_section_titled_like_the_question_answers_with_its_opening() -> None:
    assert (await ask("What is a lifetime?")).text.startswith('"An answer stays fresh for 3600 seconds."')


async def test_code_is_shown_with_the_sentence_that_leads_to_it() -> None:
    text = (await ask("How do I start the server?")).text
    assert text.startswith('"Start the server with two commands:\n\n    pip install .\n    ragboost serve"')


async def test_a_sentence_behind_code_begins_a_line_of_its_own() -> None:
    text = "Purge an answer:\n\n    ragboost purge\n\nPurge an answer daily."
    assert (await ask("How do I purge an answer?", [Passage("a.md", "", text)])).text == f'"{text}" — a.md'


async def test_sentences_that_are_nearly_as_good_are_quoted_too_and_a_gap_is_marked() -> None:
    text = (await ask("What does a purge remove?")).text
    assert text.startswith('"A purge removes one answer, e.g. a wrong one. … A purge by tag removes every answer')


async def test_a_section_without_a_title_is_named_by_its_document() -> None:
    assert (await ask("What identifier does a problem carry?")).text.endswith('" — docs/api.md')


@pytest.mark.parametrize(
    "question",
    ["What is the capital of France?", "hello", "Who are you?", "How fresh is the fish in Hamburg?", "?", "日本"],
)
async def test_what_the_passages_do_not_speak_of_is_not_answered(question: str) -> None:
    answer = await ask(question)
    assert (answer.text, answer.finish_reason) == (NOTHING_KNOWN, FinishReason.NOTHING_KNOWN)
    assert (answer.citations, answer.is_whole) == ((), False)


async def test_without_passages_it_knows_nothing() -> None:
    assert (await ask("How long does an answer stay fresh?", ())).finish_reason is FinishReason.NOTHING_KNOWN


async def test_it_answers_only_the_last_user_message() -> None:
    model = ExtractiveLanguageModel(PASSAGES)
    turns = (
        Message(Role.USER, "What does a purge remove?"),
        Message(Role.ASSISTANT, "Answers."),
        Message(Role.USER, "How long does an answer stay fresh?"),
        Message(Role.ASSISTANT, "Let me see."),
    )
    text = "".join([chunk.text async for chunk in model.stream(Prompt("x", turns))])
    assert "3600" in text
    assert "purge" not in text


async def test_without_a_user_message_it_knows_nothing() -> None:
    chunks = [chunk async for chunk in ExtractiveLanguageModel(PASSAGES).stream(Prompt("x", ()))]
    assert chunks[-1].finish_reason is FinishReason.NOTHING_KNOWN


async def test_the_model_is_named_after_its_passages() -> None:
    one, same, other = (ExtractiveLanguageModel(each).model for each in (PASSAGES, list(PASSAGES), PASSAGES[1:]))
    assert one == same != other
    assert one.startswith("docs-")
    assert len(one) == len("docs-1a2b3c4d")
    assert (await ask("How long does an answer stay fresh?")).model == one


def test_passages_cut_elsewhere_are_other_passages() -> None:
    joined, cut = Passage("a", "bc", "d"), Passage("ab", "c", "d")
    assert ExtractiveLanguageModel([joined]).model != ExtractiveLanguageModel([cut]).model


def test_the_offline_default_loads_no_sdk_and_no_numbers() -> None:
    code = (
        "import sys, adapters.language_model.extractive, adapters.language_model.markdown;"
        "sys.exit(bool({'openai', 'anthropic', 'numpy', 'onnxruntime'} & sys.modules.keys()))"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own line
