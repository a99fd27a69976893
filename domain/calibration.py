"""What is known of one tenant's traffic: how far its candidates are to be believed, and what serving them has cost."""

from abc import abstractmethod
from collections.abc import Sequence
from hashlib import blake2b
from operator import mul
from typing import Protocol

from attrs import define, evolve, field, frozen

from domain.belief import Belief, Vector, logistic
from domain.budgets import BINS, Spending
from domain.candidates import bent
from domain.errors import PartUnavailable, RAGBoostError
from domain.questions import normalise

LOOSENING = 0.0003
"""How much of the prior's uncertainty comes back with every label: a belief follows traffic that changes."""


@frozen(cache_hash=True)
class Traffic:
    """The requests of one tenant in one namespace: what is learnt of them concerns no others."""

    tenant: str
    namespace: str = ""


@frozen
class Prior:
    """
    What is believed of traffic of which nothing is known yet: of *features*, by name, in their order.

    *alone* are the weights, ``BENT`` included, for a candidate that no other surrounds: its wording must carry the
    whole judgement. A tenant's labels do not change them. Without them the belief has to do.
    """

    version: str
    features: tuple[str, ...]
    belief: Belief
    alone: Vector = ()

    def probability_alone(self, features: Vector) -> float:
        """Say how likely it is that the answer of a candidate that no other surrounds fits."""
        if not self.alone:
            return self.belief.probability(features)
        return logistic(sum(map(mul, self.alone, bent(features))))


@define
class Tally:
    """Counts since the beginning: requests, hits, and what the labels said."""

    requests: int = 0
    exact_hits: int = 0
    semantic_hits: int = 0
    misses_agreed: int = 0
    misses_differed: int = 0
    checks: int = 0
    checks_wrong: int = 0
    reports_right: int = 0
    reports_wrong: int = 0
    praise: float = 0.0


@define
class Calibration:
    """
    What is known of one traffic.

    *reports* holds digests of two questions, and of entries with the question that they were served for, and whether
    users found that right: what was reported wrong is never served again, either way round.
    """

    prior: Prior = field(repr=False)
    belief: Belief = field(repr=False)
    spending: Spending = field(factory=Spending, repr=False)
    tally: Tally = field(factory=Tally)
    reports: dict[str, bool] = field(factory=dict, repr=False)

    @classmethod
    def fresh(cls, prior: Prior) -> "Calibration":
        """Begin with what the prior believes."""
        return cls(prior, prior.belief)

    def reported_wrong(self, stored: str, asked: str) -> bool:
        """Tell whether a user has said that these two questions have different answers."""
        return bool(self.reports) and self.reports.get(pair_digest(stored, asked)) is False

    def learn(self, features: Vector, fits: bool, weight: float = 1.0) -> None:
        """Take one label in."""
        loosened = self.belief.loosened(self.prior.belief, LOOSENING * weight)
        self.belief = loosened.learn(features, fits, weight)


def service_digest(entry: str, asked: str) -> str:
    """Name an entry and a question that it was served for, without keeping the question's words."""
    return _digest(f"{entry}:{normalise(asked)}")


def pair_digest(one: str, other: str) -> str:
    """Name two questions, whichever of them was asked first, without keeping their words."""
    return _digest("\0".join(sorted((normalise(one), normalise(other)))))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@frozen
class Saved:
    """
    A calibration as it was saved; *revision* counts the times that it was.

    *is_whole* is off where a part of it could not be read, and begins anew.
    """

    calibration: Calibration
    revision: int
    is_whole: bool = True


class CalibrationStore(Protocol):
    """
    Keeps calibrations by traffic. What was acknowledged survives the process.

    One that cannot be read, or was made of another prior, is given as far as it still holds. Raises
    ``CalibrationStoreUnavailable``.
    """

    @abstractmethod
    async def load(self, traffic: Traffic, prior: Prior) -> Saved | None:
        """Give what is known of *traffic*; *prior* is what it must have been made of."""

    @abstractmethod
    async def save(self, traffic: Traffic, calibration: Calibration, revision: int) -> bool:
        """Keep *calibration* as the next of *revision*, 0 being none yet; not if somebody else did so first."""

    @abstractmethod
    async def traffics(self, tenant: str) -> Sequence[Traffic]:
        """Give those of a tenant of which something is known, by namespace."""


def revived(kept: Calibration, prior: Prior) -> Calibration:
    """Give *kept* as it is to be used with *prior*: what was learnt on top of another one is gone, the rest stays."""
    if kept.prior.version == prior.version:
        return evolve(kept, prior=prior)
    spending = evolve(kept.spending, seen=[0.0] * BINS)
    return Calibration(prior, prior.belief, spending, kept.tally, kept.reports)


class CalibrationStoreUnavailable(PartUnavailable):
    """The calibrations could not be read or written."""

    part = "the memory of what was learnt"


class CalibrationDamaged(RAGBoostError):
    """What was learnt of *traffic* could not be read, at least in part, and begins anew."""

    def __init__(self, traffic: Traffic) -> None:
        where = f"namespace {traffic.namespace!r}" if traffic.namespace else "no namespace"
        super().__init__(f"what was learnt of tenant {traffic.tenant!r}, {where}, cannot be read, and begins anew")
