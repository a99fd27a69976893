"""The prior's model card: what it was made of, what it does, and what it cannot do."""

from pathlib import Path

from attrs import frozen

from domain.calibration import Calibration, Prior
from domain.verdicts import VerifiedPolicy
from training.labelled import Pairs, Stream, Vectors
from training.simulation import Outcome, Replay, judged_pairs

CARD = Path(__file__).parents[1] / "docs" / "prior.md"

FRAME = Path(__file__).with_suffix(".md")

TERMS = {
    "qqp": "Quora question pairs; Quora's terms: research",
    "comqa": "ComQA, by way of CBench; Apache-2.0 repository",
    "hint3": "HINT3; ODbL",
    "banking77": "PolyAI; CC BY 4.0",
    "clinc150": "clinc/oos-eval; CC BY 3.0",
    "zipf": "made of qqp and comqa",
    "checklist": "marcotcr/checklist; MIT",
    "mqp": "curai/medical-question-pair-dataset; no terms seen",
    "paws_qqp": "PAWS-QQP, by way of uds-lsv/llmft; no terms seen",
}


@frozen
class Material:
    """What a prior was made of."""

    embedder: str
    streams: list[Stream]
    pairs: list[Pairs]
    vectors: dict[str, Vectors]


def write_card(prior: Prior, size: int, material: Material, card: Path = CARD) -> None:
    """Measure the prior, which takes *size* bytes, on what it was made of, and write its card."""
    card.write_text(
        FRAME.read_text(encoding="utf-8").format(
            features=len(prior.features),
            version=prior.version,
            size=size,
            embedder=material.embedder,
            sources="\n".join(_sources(material)),
            streams="\n".join(_stream_row(each, material, prior) for each in material.streams),
            pairs="\n".join(_pairs_row(each, material, prior) for each in material.pairs),
            weights="\n".join(_weights(prior)),
        ),
        encoding="utf-8",
    )


def _sources(material: Material) -> list[str]:
    sizes = [(f"stream_{each.name}", each.name, len(each.texts)) for each in material.streams]
    sizes += [(f"pairs_{each.name}", each.name, len(each.same)) for each in material.pairs]
    return [f"| {file} | {rows:,} | {TERMS.get(name, '')} |" for file, name, rows in sizes]


def _stream_row(stream: Stream, material: Material, prior: Prior) -> str:
    def replay(checked: float, learns: bool) -> Outcome:
        fresh = Calibration.fresh(prior)
        return Replay(stream, material.vectors, VerifiedPolicy(), fresh, learns, checked).run()

    taught, alone = replay(0.02, learns=True), replay(0.0, learns=False)
    shares = (taught.net, taught.error_rate, alone.net, alone.error_rate)
    return f"| {stream.name} | " + " | ".join(f"{share:.2%}" for share in shares) + " |"


def _pairs_row(pairs: Pairs, material: Material, prior: Prior) -> str:
    verdicts = judged_pairs(pairs, material.vectors, VerifiedPolicy(), prior)
    same = [each.hit for each, same in zip(verdicts, pairs.same, strict=True) if same]
    different = [each.hit for each, same in zip(verdicts, pairs.same, strict=True) if not same]
    return f"| {pairs.name} | {sum(same) / len(same):.1%} | {sum(different) / len(different):.1%} |"


def _weights(prior: Prior) -> list[str]:
    deviations = [row[number] ** 0.5 for number, row in enumerate(prior.belief.covariance)]
    rows = zip(prior.features, prior.belief.mean, deviations, strict=True)
    return [f"| {name} | {weight:.2f} | {deviation:.2f} |" for name, weight, deviation in rows]
