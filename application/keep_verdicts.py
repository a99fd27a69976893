"""Keep the last verdicts that are worth looking at, to be shown to their tenant."""

from collections import OrderedDict, deque
from collections.abc import Sequence

from attrs import define, evolve, field, frozen

from domain.calibration import Traffic
from domain.verdicts import Verdict

LATEST = 20
"""So many verdicts of each kind are kept of a traffic."""

TRAFFICS = 200
"""Those of more traffics are not kept: the ones that were judged longest ago are forgotten."""

LONGEST = 500
"""Characters of a question that are kept."""

NEAR = 0.75
"""The least similarity of a refusal that is worth looking at."""


@frozen
class Judged:
    """A remembered question, one that was asked, and what was decided; *at* is in seconds since 1970."""

    entry: str
    stored: str
    asked: str
    verdict: Verdict
    at: float


@define
class _Recent:
    refused: deque[Judged] = field(factory=lambda: deque(maxlen=LATEST))
    risked: deque[Judged] = field(factory=lambda: deque(maxlen=LATEST))


@define
class RecentVerdicts:
    """
    The near misses and the risky hits of late, in memory only: both are words of users.

    A hit is risky if it is likelier to be wrong than the budget wants the average request to be.
    """

    risk: float
    _of: OrderedDict[Traffic, _Recent] = field(factory=OrderedDict, init=False)

    def keep(self, traffic: Traffic, judged: Judged) -> None:
        """Keep a verdict, if it is worth looking at."""
        verdict = judged.verdict
        if verdict.hit and verdict.at_stake is not None and 1 - verdict.at_stake > self.risk:
            self._recent(traffic).risked.append(_shortened(judged))
        elif not verdict.hit and (verdict.similarity or 0) >= NEAR:
            self._recent(traffic).refused.append(_shortened(judged))

    def refused(self, traffic: Traffic) -> Sequence[Judged]:
        """Give the last near misses, the newest first."""
        return list(reversed(self._of[traffic].refused)) if traffic in self._of else []

    def risked(self, traffic: Traffic) -> Sequence[Judged]:
        """Give the last risky hits, the riskiest first."""
        found = self._of[traffic].risked if traffic in self._of else ()
        return sorted(found, key=lambda each: each.verdict.probability or 0)

    def forget(self, tenant: str) -> None:
        """Forget the words of a tenant."""
        for traffic in [each for each in self._of if each.tenant == tenant]:
            del self._of[traffic]

    def forget_entry(self, entry: str) -> None:
        """Forget the words that have to do with an entry."""
        for recent in self._of.values():
            for kind in (recent.refused, recent.risked):
                for judged in [each for each in kind if each.entry == entry]:
                    kind.remove(judged)

    def _recent(self, traffic: Traffic) -> _Recent:
        recent = self._of.setdefault(traffic, _Recent())
        self._of.move_to_end(traffic)
        if len(self._of) > TRAFFICS:
            self._of.popitem(last=False)
        return recent


def _shortened(judged: Judged) -> Judged:
    return evolve(judged, stored=judged.stored[:LONGEST], asked=judged.asked[:LONGEST])
