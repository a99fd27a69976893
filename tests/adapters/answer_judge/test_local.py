"""The judge that needs no model but the embedder."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from attrs import define, field, frozen

from adapters.answer_judge.local import BEGINNING, LocalAnswerJudge
from adapters.embedder.hashing import HashingEmbedder
from adapters.embedder.onnx import OnnxEmbedder
from adapters.embedder.prepared_model import PreparedModel
from domain.agreement import AnswerJudgeUnavailable
from domain.similarity import Embedder, EmbedderUnavailable, Embedding

QUESTION = "How do I sort a list?"
ONE = "Call the sort method of the list, which orders its items in place and returns nothing."
OTHER = "The list has a method called sort: it returns nothing and puts the items in order, in place."
UNRELATED = "Penguins huddle together against the polar wind and take turns on the outside."


@frozen
class Pair:
    """Two answers, and whether they tell the asker the same; ``None`` where agreeing would teach nothing."""

    question: str
    one: str
    other: str
    same: bool | None


def _pairs() -> Mapping[str, Pair]:
    rows = json.loads((Path(__file__).parent / "answer_pairs.json").read_text(encoding="utf-8"))
    return {row.pop("name"): Pair(**row) for row in rows}


PAIRS = _pairs()


@define
class CountingEmbedder(Embedder):
    """Counts what it embeds; fails when *broken*."""

    texts: list[str] = field(factory=list)
    broken: bool = False
    hashing: HashingEmbedder = field(factory=HashingEmbedder)

    @property
    def version(self) -> str:
        return self.hashing.version

    @property
    def dimensions(self) -> int:
        return self.hashing.dimensions

    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        if self.broken:
            raise EmbedderUnavailable("no thread")
        self.texts += texts
        return await self.hashing.embed(texts)


@pytest.fixture(scope="module")
def judge(prepared_model: PreparedModel) -> Iterator[LocalAnswerJudge]:
    embedder = OnnxEmbedder(prepared_model.folder)
    yield LocalAnswerJudge(embedder)
    asyncio.run(embedder.close())


async def _verdicts(judge: LocalAnswerJudge, same: bool | None) -> Mapping[str, bool | None]:
    pairs = {name: pair for name, pair in PAIRS.items() if pair.same is same}
    return {name: await judge.agree(pair.question, pair.one, pair.other) for name, pair in pairs.items()}


@pytest.mark.parametrize("name", PAIRS)
async def test_it_is_never_sure_of_the_wrong_verdict(judge: LocalAnswerJudge, name: str) -> None:
    pair = PAIRS[name]

    assert await judge.agree(pair.question, pair.one, pair.other) in {pair.same, None}
    assert await judge.agree(pair.question, pair.other, pair.one) in {pair.same, None}


@pytest.mark.parametrize(("same", "share"), [(True, 0.45), (False, 0.5)])
async def test_it_gives_a_verdict_on_a_good_share(judge: LocalAnswerJudge, same: bool, share: float) -> None:
    verdicts = list((await _verdicts(judge, same)).values())

    assert verdicts.count(same) >= share * len(verdicts)


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (QUESTION, ONE, ONE.upper()),
        ("How long?", "It takes 3 days.", "It takes 5 days."),
        ("Is it free?", "Yes.", "No."),
        ("Is it free?", "Yes.", "Yes."),
        (QUESTION, ONE, "I don't know."),
        ("Wie geht das?", "Das geht ohne den Schalter ganz einfach.", "Man muss dazu den Schalter nicht kennen."),
    ],
)
async def test_it_embeds_nothing_where_the_wording_settles_it(question: str, one: str, other: str) -> None:
    embedder = CountingEmbedder()

    await LocalAnswerJudge(embedder).agree(question, one, other)

    assert embedder.texts == []


async def test_it_embeds_an_answer_once_for_as_long_as_it_is_judged_often() -> None:
    embedder = CountingEmbedder()
    judge = LocalAnswerJudge(embedder)

    for other in (OTHER, UNRELATED, OTHER, UNRELATED):
        await judge.agree(QUESTION, ONE, other)

    assert embedder.texts == [ONE, OTHER, UNRELATED]


async def test_it_embeds_no_more_than_the_beginning_of_an_answer() -> None:
    embedder = CountingEmbedder()

    await LocalAnswerJudge(embedder).agree(QUESTION, f"{ONE} " * 50, f"{UNRELATED} " * 50)

    assert [len(text) for text in embedder.texts] == [BEGINNING, BEGINNING]


async def test_answers_that_differ_after_what_is_read_are_left_in_doubt(judge: LocalAnswerJudge) -> None:
    long = "The quick brown fox jumps over the lazy dog. " * 200

    assert await judge.agree("What does the fox do?", long, long + "It sleeps.") is None
    assert await judge.agree("What does the fox do?", long, long) is True


async def test_a_broken_embedder_makes_it_unavailable_where_it_is_needed() -> None:
    judge = LocalAnswerJudge(CountingEmbedder(broken=True))

    assert await judge.agree(QUESTION, ONE, ONE) is True
    with pytest.raises(AnswerJudgeUnavailable, match="no thread"):
        await judge.agree(QUESTION, ONE, OTHER)


@pytest.mark.parametrize(("near", "verdict"), [(1.0, True), (1.25, None)])
async def test_a_higher_bar_leaves_more_agreement_in_doubt(
    judge: LocalAnswerJudge, near: float, verdict: bool | None
) -> None:
    pair = PAIRS["compound interest, reworded"]

    assert await LocalAnswerJudge(judge.embedder, near=near).agree(pair.question, pair.one, pair.other) is verdict


@pytest.mark.parametrize(("far", "verdict"), [(0.8, False), (0.0, None)])
async def test_a_lower_bar_leaves_more_disagreement_in_doubt(
    judge: LocalAnswerJudge, far: float, verdict: bool | None
) -> None:
    pair = PAIRS["fund, interest"]

    assert await LocalAnswerJudge(judge.embedder, far=far).agree(pair.question, pair.one, pair.other) is verdict


@pytest.mark.parametrize(
    "piece",
    ["x", "-1", "1. ", "\n1. ", "\n ", "([{", "[a](b", "a@", "a.", "1(", "'", "_", "May 1 ", "no ", "über ", " A"],
)
async def test_no_text_keeps_it_busy(piece: str) -> None:
    text = piece * 5_000
    judge = LocalAnswerJudge(CountingEmbedder())

    began = time.process_time()
    await judge.agree(QUESTION, text, f"{text[:3_000]} and 5 kg more. {text}")

    assert time.process_time() - began < 1.0


THINGS = [
    "kettle",
    "lamp",
    "ladder",
    "bucket",
    "mirror",
    "saddle",
    "whistle",
    "basket",
    "candle",
    "hammer",
    "pillow",
    "rope",
]


def _made_up(number: int) -> str:
    """Make a sentence on the pattern of the others, with a reference of its own."""
    digest = sha256(f"answer {number}".encode()).digest()
    one, two, three, four = (THINGS[each % len(THINGS)] for each in digest[:4])
    return f"Look for the {one} behind the {two}, take the {three}, and leave the {four}. Reference {digest[:4].hex()}."


@pytest.mark.parametrize("number", range(100))
async def test_sentences_on_one_pattern_are_told_apart_by_their_reference(number: int) -> None:
    embedder = CountingEmbedder()
    judge = LocalAnswerJudge(embedder)

    assert await judge.agree("Where is it?", _made_up(number), _made_up(number + 1)) is False
    assert await judge.agree("Where is it?", _made_up(number), _made_up(number)) is True
    assert embedder.texts == []
