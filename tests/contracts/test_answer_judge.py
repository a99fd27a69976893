"""What every answer judge promises."""

import json
from collections.abc import AsyncGenerator, Callable

import pytest

from adapters.answer_judge.language_model import ModelAnswerJudge
from adapters.answer_judge.local import LocalAnswerJudge
from adapters.embedder.hashing import HashingEmbedder
from domain.agreement import AnswerJudge
from domain.generation import Chunk, FinishReason, LanguageModel
from domain.prompts import Prompt
from tests.doubles import RecordingEvents, StoppedClock

QUESTION = "How long can I return an item?"
ANSWER = "You can return any unused item within 30 days of delivery."
OTHER_PERIOD = "You can return any unused item within 14 days of delivery."
REFUSAL = "I'm sorry, but I can't help with that."
ODD = [
    "",
    " ",
    "?",
    "a",
    "\n\n",
    "Größe",
    "日本語の答え",
    "🦉🦉",
    "\u200b",
    "\ud800",
    "```",
    "[](",
    "1" * 500,
    "-" * 5_000,
    "no not never " * 500,
    "12-34 " * 2_000,
    "A1b_" * 2_000,
    "x" * 10_000,
    "so " * 3_000,
    "([{" * 2_000,
    "'" * 3_000,
    "   \n" * 2_000,
]


class ComparingModel(LanguageModel):
    """Replies as a perfect model would that took the same texts for the same answer, and no others."""

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        shown = json.loads(prompt.messages[-1].content)
        yield Chunk(text="SAME" if shown["answer_1"] == shown["answer_2"] else "DIFFERENT")
        yield Chunk(finish_reason=FinishReason.STOP)


KINDS: dict[str, Callable[[], AnswerJudge]] = {
    "local": lambda: LocalAnswerJudge(HashingEmbedder()),
    "model": lambda: ModelAnswerJudge(ComparingModel(), "scripted", "comparing-1", StoppedClock(), RecordingEvents()),
}


@pytest.fixture(params=KINDS)
def judge(request: pytest.FixtureRequest) -> AnswerJudge:
    return KINDS[request.param]()


@pytest.mark.parametrize(
    "again",
    [ANSWER, f"  {ANSWER}\n", ANSWER.upper(), ANSWER.removesuffix("."), ANSWER.replace("30 days", "**30 days**")],
)
async def test_one_answer_agrees_with_itself_whatever_it_is_dressed_in(judge: AnswerJudge, again: str) -> None:
    assert await judge.agree(QUESTION, ANSWER, again) is True


async def test_answers_with_different_numbers_do_not_agree(judge: AnswerJudge) -> None:
    assert await judge.agree(QUESTION, ANSWER, OTHER_PERIOD) is False


async def test_yes_and_no_do_not_agree(judge: AnswerJudge) -> None:
    assert await judge.agree("Can I pay by card?", "Yes.", "No.") is False


@pytest.mark.parametrize("anything", ["Yes.", "no", "Positive", "42", REFUSAL, "", "I don't know."])
async def test_what_would_answer_anything_teaches_nothing_by_being_said_twice(
    judge: AnswerJudge, anything: str
) -> None:
    assert await judge.agree(QUESTION, anything, anything) is None


async def test_a_refusal_teaches_nothing_about_an_answer(judge: AnswerJudge) -> None:
    assert await judge.agree(QUESTION, REFUSAL, ANSWER) is None


@pytest.mark.parametrize("one", ODD, ids=lambda text: repr(text[:20]))
async def test_any_text_can_be_judged(judge: AnswerJudge, one: str) -> None:
    for other in (ANSWER, one, one + "x"):
        assert await judge.agree(QUESTION, one, other) in {True, False, None}


@pytest.mark.parametrize("other", [ANSWER, OTHER_PERIOD, "Yes.", REFUSAL, "Please write to help@example.com."])
async def test_it_does_not_matter_which_answer_comes_first(judge: AnswerJudge, other: str) -> None:
    assert await judge.agree(QUESTION, ANSWER, other) == await judge.agree(QUESTION, other, ANSWER)
