"""Whether a server answers fast enough for a question to wait for it."""

from collections.abc import Sequence

from attrs import frozen

from adapters.guard import SLOW
from domain.examination import Finding, Judgement


@frozen
class Deadline:
    """The *seconds* that a question waits for the server called *part*, and the *setting* that says so."""

    part: str
    seconds: float
    setting: str

    def judge(self, taken: Sequence[float]) -> Finding:
        """Judge how many seconds each of some calls took that ask for nothing; there is at least one."""
        in_order, slow = sorted(taken), SLOW * self.seconds
        median, slowest = in_order[len(in_order) // 2], in_order[-1]
        found = f"{_milliseconds(median)} in the median, {_milliseconds(slowest)} at most, of {len(in_order)}"
        if slowest <= slow:
            return Finding(self.part, "latency", found)
        judgement = Judgement.WRONG if median > slow else Judgement.ADVICE
        remedy = f"bring it nearer, or raise {self.setting}: what takes more than {_milliseconds(slow)} is a failure"
        return Finding(self.part, "latency", found, judgement, remedy)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
