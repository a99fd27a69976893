from collections.abc import Sequence

import pytest

from application.answer_questions import AnswerQuestions
from application.apologise import Apologising, ApologisingToMany, Apology
from domain.answers import Answer, Origin, Reason
from domain.attempts import Tried
from domain.exhaustion import NoModelAnswered
from domain.generation import ModelTimedOut, PromptRefused
from tests.builders import an_asking
from tests.core import Core
from tests.doubles import ScriptedModel, Step, saying

APOLOGY = Apology("Please call us.")
REFUSED = PromptRefused.field("model", "there is no such model")


def core(*turns: Sequence[Step]) -> Core:
    return Core(ScriptedModel(*turns))


async def test_an_answer_needs_no_apology() -> None:
    answer = await Apologising(core(saying("An answer.")).answer, APOLOGY)(an_asking())
    assert answer.completion.text == "An answer."


async def test_no_answer_is_apologised_for_and_nothing_is_remembered() -> None:
    parts = core((ModelTimedOut("late"),), saying("An answer."))
    apologising = Apologising(parts.answer, APOLOGY)
    sorry, answer = await apologising(an_asking()), await apologising(an_asking())
    assert (sorry.completion.text, sorry.origin, sorry.reason) == ("Please call us.", Origin.APOLOGY, Reason.APOLOGY)
    assert not sorry.completion.is_whole
    assert answer.completion.text == "An answer."


async def test_an_apology_says_who_was_tried() -> None:
    tried = (Tried("openai", "m", "late"),)
    answer = await Apologising(core((NoModelAnswered(tried),)).answer, APOLOGY)(an_asking())
    assert answer.completion.tried == tried


async def test_what_the_asker_must_change_is_told() -> None:
    with pytest.raises(PromptRefused):
        await Apologising(core((REFUSED,)).answer, APOLOGY)(an_asking())


async def test_of_many_questions_each_has_its_answer_its_apology_or_its_error() -> None:
    parts = core(saying("One."), (ModelTimedOut("late"),), (REFUSED,))
    answer: AnswerQuestions = parts.answer_many
    outcomes = await ApologisingToMany(answer, APOLOGY)([an_asking(text) for text in ("One?", "Two?", "Three?")])
    told = [each.completion.text if isinstance(each, Answer) else each for each in outcomes]
    assert told == ["One.", "Please call us.", REFUSED]
