import asyncio
from collections.abc import Sequence

from attrs import frozen

from application.examine_setup import ExamineSetup
from domain.examination import Examiner, Finding, Judgement

SOUND = Finding("disk", "room", "plenty")


@frozen
class ScriptedExaminer(Examiner):
    """Finds what it is told to, fails as it is told to, or never ends."""

    part: str = "disk"
    finds: Sequence[Finding] | Exception | None = (SOUND,)

    async def examine(self) -> Sequence[Finding]:
        if isinstance(self.finds, Exception):
            raise self.finds
        if self.finds is None:
            await asyncio.Event().wait()
        return self.finds or ()


async def test_all_findings_come_in_the_order_of_those_who_look() -> None:
    full = Finding("disk", "room", "none", Judgement.WRONG, "make room")
    known = Finding("settings", "sources", "all by default")
    setup = ExamineSetup([known], [ScriptedExaminer(finds=(full, SOUND)), ScriptedExaminer()])

    assert await setup() == [known, full, SOUND, SOUND]


async def test_one_who_fails_is_a_finding_and_keeps_no_other_from_looking() -> None:
    failed, sound = await ExamineSetup([], [ScriptedExaminer("redis", ValueError("no sense")), ScriptedExaminer()])()

    assert (failed.part, failed.judgement) == ("redis", Judgement.WRONG)
    assert failed.found == "ValueError: no sense"
    assert sound == SOUND


async def test_one_who_never_ends_is_waited_for_a_while() -> None:
    (late,) = await ExamineSetup([], [ScriptedExaminer("qdrant", None)], patience=0.02)()

    assert (late.part, late.judgement) == ("qdrant", Judgement.WRONG)
    assert late.found == "it was not done within 0.02 s"


async def test_all_look_at_the_same_time() -> None:
    waiting = [ScriptedExaminer(str(number), None) for number in range(20)]
    async with asyncio.timeout(1):
        assert len(await ExamineSetup([], waiting, patience=0.1)()) == 20
