from domain.examination import Finding, Judgement, verdict


def a_finding(judgement: Judgement) -> Finding:
    return Finding("redis", "memory", "3 MB", judgement)


def test_the_gravest_finding_decides() -> None:
    gravest = [Judgement.OK, Judgement.ADVICE, Judgement.UNKNOWN, Judgement.WRONG]

    for place, expected in enumerate(gravest):
        assert verdict(map(a_finding, gravest[: place + 1])) is expected
        assert verdict(map(a_finding, reversed(gravest[: place + 1]))) is expected


def test_where_nothing_was_found_nothing_is_wrong() -> None:
    assert verdict([]) is Judgement.OK
