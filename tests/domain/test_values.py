"""The smaller values of the domain."""

import pytest

from domain.clock import Stopwatch
from domain.errors import FieldProblem, LimitReached, Malformed
from domain.generation import ModelOverloaded
from domain.health import PartHealth
from domain.tenancy import ApiKey, digest_of
from tests.builders import an_embedding
from tests.doubles import StoppedClock


class TestStopwatch:
    def test_it_knows_how_long_each_stage_took_and_all_of_them(self) -> None:
        clock = StoppedClock()
        stopwatch = Stopwatch(clock)

        with stopwatch.time("exact"):
            clock.advance(1)
        clock.advance(2)
        with stopwatch.time("exact"):
            clock.advance(4)

        assert (stopwatch.laps, stopwatch.elapsed()) == ({"exact": 5.0}, 7.0)

    def test_a_stage_that_fails_took_its_time_too(self) -> None:
        clock = StoppedClock()
        stopwatch = Stopwatch(clock)

        with pytest.raises(ZeroDivisionError), stopwatch.time("model"):
            clock.advance(3)
            raise ZeroDivisionError

        assert stopwatch.laps == {"model": 3.0}


class TestApiKey:
    key = ApiKey("app", "acme", digest_of("rb_secret"), 1.0)

    def test_its_secret_opens_it_and_nothing_else_does(self) -> None:
        assert self.key.opens(digest_of("rb_secret"))
        assert not self.key.opens(digest_of("rb_secret "))
        assert not self.key.opens(digest_of("\ud800"))

    def test_a_revoked_one_opens_nothing(self) -> None:
        assert not ApiKey("app", "acme", digest_of("rb_secret"), 1.0, revoked_at=2.0).opens(digest_of("rb_secret"))


def test_the_similarity_of_unit_vectors_is_their_cosine() -> None:
    assert an_embedding(0.6, 0.8).similarity(an_embedding(1.0, 0.0)) == pytest.approx(0.6)


def test_a_malformed_request_names_every_field() -> None:
    error = Malformed(FieldProblem("query", "must not be blank"), FieldProblem("ttl", "must be positive"))

    assert str(error) == "query: must not be blank; ttl: must be positive"


def test_a_limit_says_when_to_come_back() -> None:
    assert LimitReached("too much", resets_in=3.5).resets_in == 3.5
    assert ModelOverloaded("later", resets_in=2.0).resets_in == 2.0


def test_a_part_is_alive_unless_it_complains() -> None:
    assert PartHealth("embedder", 0.1).is_alive
    assert not PartHealth("embedder", 0.1, "no model").is_alive
