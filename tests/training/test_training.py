"""From labelled questions to the prior: reproducible, and about what is judged."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve

from adapters.prior import read_prior, write_prior
from domain.calibration import Prior
from domain.candidates import FEATURES
from domain.verdicts import VerifiedPolicy
from training import __main__ as training
from training.labelled import Pairs, Stream, Vectors, embed, read_pairs, read_streams
from training.model_card import Material, write_card
from training.near_misses import Kind, Search
from training.simulation import judged_pairs

WORDS = ["amber", "basil", "cedar", "delta", "ember", "fennel", "garnet", "hazel", "indigo", "juniper"]


def texts(topic: int) -> list[str]:
    return [f"Where can I find the {WORDS[topic]} {each}?" for each in ("box", "key", "map", "pen", "cup", "tin")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hold two small streams and a file of pairs."""
    rows = [{"text": text, "answer_id": f"a{topic}"} for topic in range(10) for text in texts(topic)]
    for name, order in (("one", rows), ("two", rows[::-1])):
        _write(tmp_path / f"stream_{name}.jsonl.gz", order)
    pairs = [{"a": texts(one)[0], "b": texts(two)[1], "same": one == two} for one in range(10) for two in range(10)]
    _write(tmp_path / "pairs_mqp.jsonl.gz", pairs)
    return tmp_path


def _write(file: Path, rows: list[dict[str, object]]) -> None:
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def vectors_of(streams: list[Stream], pairs: list[Pairs]) -> dict[str, Vectors]:
    """Give texts of one topic similar vectors."""
    random = np.random.default_rng(1)
    centres = {word: random.normal(size=32) for word in WORDS}
    found = {}
    asked = {text for each in streams for text in each.texts}
    for text in sorted(asked.union(*(each.stored + each.asked for each in pairs))):
        vector = centres[text.split()[5]] + 0.5 * random.normal(size=32)
        found[text] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return found


def test_streams_and_pairs_are_read(folder: Path) -> None:
    streams, (pairs,) = read_streams(folder), read_pairs(folder)

    assert [(each.name, len(each.texts), each.answers[0]) for each in streams] == [("one", 60, "a0"), ("two", 60, "a9")]
    assert (pairs.name, len(pairs.stored), sum(pairs.same)) == ("mqp", 100, 10)


def test_equal_data_make_equal_priors_and_cards(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    streams, pairs = read_streams(folder), read_pairs(folder)
    vectors = vectors_of(streams, pairs)
    for name in ("first", "second"):
        prior = Prior("", FEATURES, training.fitted(streams, vectors), training.fitted_alone(pairs, vectors))
        write_prior(prior, folder / f"{name}.json")
        material = Material("made up", streams, pairs, vectors)
        file = folder / f"{name}.json"
        write_card(read_prior(FEATURES, file), file.stat().st_size, material, folder / f"{name}.md")

    assert (folder / "first.json").read_bytes() == (folder / "second.json").read_bytes()
    card = (folder / "first.md").read_text()
    assert card == (folder / "second.md").read_text()
    assert read_prior(FEATURES, folder / "first.json").version in card
    assert "| stream_one | 60 |" in card
    assert "round 2 of 2 done" in capsys.readouterr().out


def test_a_line_keeps_the_different_out() -> None:
    random = np.random.default_rng(2)
    same = np.repeat([1.0, 0.0], 500)
    features = np.column_stack([np.ones(1000), random.normal(size=1000) + same])
    kind = Kind(features, same, vetoed=np.zeros(1000))

    weights = Search({"mqp": kind, "qqp": kind}).run()

    accepted = features @ weights > 0
    assert accepted[same == 0].mean() <= 0.05
    assert accepted[same == 1].mean() > 0.2


def test_what_is_vetoed_is_accepted_at_no_score() -> None:
    kind = Kind(np.ones((4, 1)), np.array([1.0, 1, 0, 0]), vetoed=np.array([0.0, 1, 0, 1]))

    assert kind.accepted(kind.scores(np.array([5.0])), 0.0) == (0.5, 0.5)


async def test_each_text_is_embedded_once() -> None:
    from adapters.embedder.hashing import HashingEmbedder  # noqa: PLC0415

    found = await embed(HashingEmbedder(), {"one", "two"})

    assert sorted(found) == ["one", "two"]
    assert found["one"].dtype == np.float32


def test_a_prior_of_other_features_is_refused(tmp_path: Path) -> None:
    prior = read_prior(FEATURES)
    write_prior(Prior("", ("other",), type(prior.belief)((1.0,), ((1.0,),)), (1.0,)), tmp_path / "prior.json")

    with pytest.raises(ValueError, match="make prior"):
        read_prior(FEATURES, tmp_path / "prior.json")


def test_a_prior_that_lacks_a_weight_is_refused(tmp_path: Path) -> None:
    prior = read_prior(FEATURES)
    write_prior(evolve(prior, alone=prior.alone[:-1]), tmp_path / "prior.json")

    with pytest.raises(ValueError, match="make prior"):
        read_prior(FEATURES, tmp_path / "prior.json")


def test_a_prior_is_read_as_it_was_written(tmp_path: Path) -> None:
    prior = read_prior(FEATURES)
    write_prior(prior, tmp_path / "prior.json")

    assert read_prior(FEATURES, tmp_path / "prior.json") == prior


@pytest.mark.parametrize(
    ("stored", "asked", "hit"),
    [
        ("How do I reset my password?", "How can I reset my password?", True),
        ("How do I turn on the alarm?", "How do I turn off the alarm?", False),
        ("Is Anna married to Ben?", "Is Anna divorced from Ben?", False),
        ("Can I return the shoes within 14 days?", "Can I return the shoes within 30 days?", False),
    ],
)
def test_the_prior_that_ships_knows_a_near_miss(stored: str, asked: str, hit: bool) -> None:
    vectors = {stored: np.array([1.0, 0.0], np.float32), asked: np.array([0.96, 0.28], np.float32)}
    pairs = Pairs("example", [stored], [asked], [hit])

    (verdict,) = judged_pairs(pairs, vectors, VerifiedPolicy(), read_prior(FEATURES))

    assert verdict.hit is hit
