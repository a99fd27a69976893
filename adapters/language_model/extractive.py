"""The offline language model: it answers with sentences of the passages it was given, and says where they stand."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from hashlib import blake2b
from itertools import pairwise

from attrs import frozen

from adapters.language_model.bm25 import Ranking, content_words
from domain.generation import Chunk, Citation, FinishReason, LanguageModel
from domain.prompts import Prompt, Role
from domain.tokens import TokenUsage

ENOUGH = 0.6
"""How much of a question, by the weight of its words, a quotation and its title must speak of."""

AS_GOOD = 0.75
"""What share of the best sentence's score a further one must have to be quoted with it."""

LONGEST = 3
"""The most sentences in a quotation."""

CONTEXT = 0.5
"""What the score of the whole passage counts towards that of its sentences."""

NOTHING_KNOWN = (
    "RAGBoost's documentation says nothing about this, and no language model is set. "
    "Set OPENAI_API_KEY or ANTHROPIC_API_KEY, and a model will answer."
)

_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)\s+(?=[^a-z\s])")


@frozen
class Passage:
    """
    A section of a document: *source* names the document, *title* the section.

    Paragraphs of *text* stand apart by an empty line; one that four spaces begin is code.
    """

    source: str
    title: str
    text: str

    @property
    def place(self) -> str:
        """Name document and section."""
        return f"{self.source}, {self.title}" if self.title else self.source

    @property
    def sentences(self) -> tuple[str, ...]:
        """Give the sentences in order; code belongs to the one that leads to it."""
        found: list[str] = []
        for paragraph in self.text.split("\n\n"):
            if paragraph.startswith("    ") and found:
                found[-1] = f"{found[-1]}\n\n{paragraph}"
            else:
                found.extend(filter(None, _SENTENCE_END.split(paragraph.strip())))
        return tuple(found)


@frozen
class Sentence:
    """A sentence, the passage it stands in, and its position there."""

    passage: int
    position: int
    text: str


class ExtractiveLanguageModel(LanguageModel):
    """
    Quotes the sentences that fit the last user message best; the same question always gets the same answer.

    A section that is titled like the question answers with its opening: that is where a thing is defined.

    Where no passage speaks of it, it says so, and its finish reason is ``NOTHING_KNOWN``.
    It never fails, and counts no tokens: none are paid for.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = tuple(passages)
        self._sentences = tuple(
            Sentence(number, position, text)
            for number, passage in enumerate(passages)
            for position, text in enumerate(passage.sentences)
        )
        self._openings = {
            frozenset(content_words(passages[each.passage].title)): each
            for each in reversed(self._sentences)
            if each.position == 0
        }
        self._by_passage = Ranking([content_words(f"{each.title} {each.title} {each.text}") for each in passages])
        self._by_sentence = Ranking([content_words(each.text) for each in self._sentences])
        self._model = f"docs-{_digest(passages)}"

    @property
    def model(self) -> str:
        """Name the model after its passages: with others it would answer otherwise."""
        return self._model

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Give the answer word by word, then one chunk with the finish reason and the citation."""
        citation = await asyncio.to_thread(self._look_up, _question(prompt))  # 10,000 characters take 9 ms
        text = f'"{citation.quote}" — {citation.source}' if citation else NOTHING_KNOWN
        for word in re.findall(r"\s*\S+", text):
            yield Chunk(text=word)
        reason = FinishReason.STOP if citation else FinishReason.NOTHING_KNOWN
        yield Chunk("", reason, TokenUsage(), self._model, (citation,) if citation else ())

    def _look_up(self, question: str) -> Citation | None:
        asked = content_words(question)
        opening = self._openings.get(frozenset(asked)) if asked else None
        quoted = [opening] if opening else self._best(asked)
        if not quoted:
            return None
        passage = self._passages[quoted[0].passage]
        quote = _joined(quoted)
        known = self._coverage(asked, f"{passage.source} {passage.title} {quote}")
        return Citation(passage.place, quote, passage.source) if known >= ENOUGH else None

    def _best(self, asked: Sequence[str]) -> list[Sentence]:
        """Give the best sentence, and those of its passage that are nearly as good, in the order of the text."""
        of_passage, of_sentence = self._by_passage.scores(asked), self._by_sentence.scores(asked)
        scores = {
            self._sentences[number]: score + CONTEXT * of_passage[self._sentences[number].passage]
            for number, score in of_sentence.items()
        }
        ranked = sorted(scores, key=lambda each: (-scores[each], each.passage, each.position))
        near = [
            each for each in ranked if each.passage == ranked[0].passage and scores[each] >= AS_GOOD * scores[ranked[0]]
        ]
        return sorted(near[:LONGEST], key=lambda each: each.position)

    def _coverage(self, asked: Sequence[str], text: str) -> float:
        """Say how much of what was asked *text* speaks of, 0 to 1."""
        words, known, weight = set(asked), set(content_words(text)), self._by_sentence.weight
        return sum(map(weight, words & known)) / sum(map(weight, words))


def _joined(sentences: Sequence[Sentence]) -> str:
    """Join a quotation, with a mark where something was left out."""
    text = sentences[0].text
    for before, after in pairwise(sentences):
        text = f"{text}{_gap(before, after)}{after.text}"
    return text


def _gap(before: Sentence, after: Sentence) -> str:
    if "\n" in before.text:
        return "\n\n"
    return " " if after.position == before.position + 1 else " … "


def _question(prompt: Prompt) -> str:
    return next((each.content for each in reversed(prompt.messages) if each.role is Role.USER), "")


def _digest(passages: Sequence[Passage]) -> str:
    digest = blake2b(digest_size=4)
    for part in (part for each in passages for part in (each.source, each.title, each.text)):
        digest.update(b"%d:" % len(part.encode()))
        digest.update(part.encode())
    return digest.hexdigest()
