"""What it means that a Redis says this or that of itself."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from domain.caching import CLOCK_SKEW
from domain.examination import Finding, Judgement

PART: Final = "redis"

ROOM: Final = 1.25
"""Redis needs so many times the bytes that answers may take, as we count them: for its own tables, and for purges."""

TOO_LITTLE: Final = 0.5
"""With less than this share of it, what lists the answers, which is never evicted, may take all there is."""

WRITES: Final = ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status")

NEARLY: Final = 0.95
NOTABLE_SKEW: Final = 1.0
NOTABLE_LAG: Final = 5
NOTABLE_BACKLOG: Final = 10_000_000

Info = Mapping[str, Any]
"""A section of what one server says of itself."""


@frozen
class Demands:
    """What a worker will want: room for *size* bytes of answers, and *pool_size* connections."""

    size: int
    pool_size: int

    @property
    def room(self) -> float:
        """Give the bytes that Redis should be allowed to take."""
        return ROOM * self.size


def of_memory(told: Sequence[Info], demands: Demands) -> Finding:
    """Judge the limit, and what Redis does when it is reached."""
    policies, used = sorted({each["maxmemory_policy"] for each in told}), sum(each["used_memory"] for each in told)
    unlimited = any(each["maxmemory"] == 0 for each in told)
    limit = sum(each["maxmemory"] for each in told)
    found = f"{_megabytes(used)} used of {'no limit' if unlimited else _megabytes(limit)}, {', '.join(policies)}"
    if any(each.startswith("allkeys") for each in policies):
        return _wrong("memory", found, "set maxmemory-policy volatile-lru: allkeys may evict the journal of purges")
    if unlimited:
        remedy = f"set maxmemory to {_mebibytes(demands.room)} or more, and maxmemory-policy volatile-lru"
        return _advice("memory", found, remedy)
    return _of_limit(found, limit, demands, refuses="noeviction" in policies and used > NEARLY * limit)


def _of_limit(found: str, limit: int, demands: Demands, *, refuses: bool) -> Finding:
    fitting = int(limit / ROOM / 1e6)
    lower = f", or RAGBOOST_ANSWER_CACHE_SIZE_MB to {fitting} or less" if fitting else ""
    remedy = f"set maxmemory to {_mebibytes(demands.room)} or more{lower}, and maxmemory-policy volatile-lru"
    if refuses:
        return _wrong("memory", f"{found}: it is full, and takes no more answers", remedy)
    if limit >= demands.room:
        return Finding(PART, "memory", found)
    is_far_too_little = "noeviction" in found or limit < TOO_LITTLE * demands.room
    judgement = Judgement.WRONG if is_far_too_little else Judgement.ADVICE
    return Finding(PART, "memory", f"{found}: too little for {_megabytes(demands.size)} of answers", judgement, remedy)


def of_persistence(told: Sequence[Info], saves: Sequence[str] | None) -> Finding:
    """Judge whether answers and purges survive a restart; *saves* are when snapshots are made, if that is told."""
    if any(each.get(name, "ok") != "ok" for each in told for name in WRITES):
        return _wrong("persistence", "the last write to its disk failed", "see its log; give it a disk with room")
    if all(each["aof_enabled"] for each in told):
        return Finding(PART, "persistence", "append-only file")
    if saves is None:
        return Finding(
            PART, "persistence", "no append-only file, and the user may not see whether there are snapshots",
            Judgement.UNKNOWN, "make sure of `appendonly yes`, or the like where somebody else runs it",
        )  # fmt: skip
    if all(saves):
        remedy = "set appendonly yes: after a crash all that came after the last snapshot is gone, purges included"
        return _advice("persistence", f"snapshots only ({saves[0]})", remedy)
    return _wrong("persistence", "nothing is kept on disk", "set appendonly yes, or a restart forgets everything")


def of_replicas(told: Sequence[Info]) -> Finding:
    """Judge what a failover would lose."""
    replicas = [(each, replica) for each in told for name, replica in each.items() if _is_replica(name, replica)]
    if not replicas:
        return Finding(PART, "replicas", "none; while it is away, models are asked")
    late = max(int(replica["lag"]) for _, replica in replicas)
    behind = max(int(each["master_repl_offset"]) - int(replica["offset"]) for each, replica in replicas)
    online = all(replica["state"] == "online" for _, replica in replicas)
    found = f"{len(replicas)}, up to {late} s and {behind:,} bytes behind{'' if online else ', not all in step'}"
    if online and late <= NOTABLE_LAG and behind <= NOTABLE_BACKLOG:
        return Finding(PART, "replicas", found)
    return _advice("replicas", found, "see why: a failover loses what they have not got")


def _is_replica(name: str, value: object) -> bool:
    return name.startswith("slave") and isinstance(value, Mapping)


def of_connections(told: Sequence[Info], demands: Demands) -> Finding:
    """Judge whether another worker finds connections enough."""
    free = min(int(each["maxclients"]) - int(each["connected_clients"]) for each in told)
    found = f"{free:,} free, a worker takes up to {demands.pool_size}"
    if free >= demands.pool_size:
        return Finding(PART, "connections", found)
    return _advice("connections", found, "raise its maxclients, or lower RAGBOOST_REDIS_POOL_SIZE")


def of_clock(ahead: Sequence[float]) -> Finding:
    """Judge by how many seconds the servers' clocks are ahead of this machine's: other workers' may be so too."""
    most = max(ahead, key=abs)
    found = f"{abs(most):.1f} s {'ahead of' if most > 0 else 'behind'} this machine's"
    if abs(most) <= NOTABLE_SKEW:
        return Finding(PART, "clock", found)
    judgement = Judgement.WRONG if abs(most) > CLOCK_SKEW else Judgement.ADVICE
    remedy = f"keep all clocks in step: an answer that seems to come from {CLOCK_SKEW:g} s ahead is served to nobody"
    return Finding(PART, "clock", found, judgement, remedy)


def _wrong(subject: str, found: str, remedy: str) -> Finding:
    return Finding(PART, subject, found, Judgement.WRONG, remedy)


def _advice(subject: str, found: str, remedy: str) -> Finding:
    return Finding(PART, subject, found, Judgement.ADVICE, remedy)


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB"


def _mebibytes(size: float) -> str:
    """Give *size* as redis.conf has it, where mb are 1,048,576 bytes."""
    return f"{-(-size // 2**20):.0f}mb"
