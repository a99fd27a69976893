from hypothesis import given
from hypothesis import strategies as st

from domain.resilience import Backoff, CircuitBreaker, State

COOL_DOWN = 10.0


def opened(at: float = 0.0) -> CircuitBreaker:
    breaker = CircuitBreaker(3, COOL_DOWN)
    assert [breaker.failed(at) for _ in range(3)] == [False, False, True]
    return breaker


def test_it_lets_everything_through_until_so_many_failures_in_a_row() -> None:
    breaker = CircuitBreaker(3, COOL_DOWN)
    breaker.failed(0)
    breaker.failed(1)
    breaker.succeeded()
    breaker.failed(2)
    breaker.failed(3)

    assert breaker.admits(4)
    assert breaker.state is State.CLOSED


def test_an_open_one_lets_nothing_through_until_it_has_cooled_down() -> None:
    breaker = opened(at=100.0)

    assert not breaker.admits(100.0 + COOL_DOWN - 0.01)
    assert breaker.state is State.OPEN


def test_then_it_lets_one_trial_through() -> None:
    breaker = opened()

    assert [breaker.admits(COOL_DOWN), breaker.admits(COOL_DOWN), breaker.admits(COOL_DOWN + 1)] == [True, False, False]
    assert breaker.state is State.HALF_OPEN


def test_a_trial_that_goes_well_closes_it() -> None:
    breaker = opened()
    breaker.admits(COOL_DOWN)
    breaker.succeeded()

    assert breaker.state is State.CLOSED
    assert not breaker.failed(COOL_DOWN)


def test_a_trial_that_fails_opens_it_for_as_long_again() -> None:
    breaker = opened()
    breaker.admits(COOL_DOWN)

    assert not breaker.failed(COOL_DOWN + 1)
    assert not breaker.admits(2 * COOL_DOWN)
    assert breaker.admits(2 * COOL_DOWN + 1)


def test_a_trial_that_is_never_heard_of_makes_room_for_another() -> None:
    breaker = opened()

    assert breaker.admits(COOL_DOWN)
    assert breaker.admits(2 * COOL_DOWN)


def test_one_bad_failure_may_count_as_several() -> None:
    assert CircuitBreaker(2, COOL_DOWN).failed(0, strikes=2)


@given(st.lists(st.tuples(st.sampled_from(["ask", "succeed", "fail"]), st.floats(0, 7)), max_size=60))
def test_whatever_happens_an_open_one_admits_one_call_in_each_cool_down(story: list[tuple[str, float]]) -> None:
    breaker, now, admitted = CircuitBreaker(2, COOL_DOWN), 0.0, float("-inf")
    for event, passed in story:
        now += passed
        if event == "succeed":
            breaker.succeeded()
            assert breaker.admits(now)
        elif event == "fail":
            breaker.failed(now)
        elif breaker.state is not State.CLOSED and breaker.admits(now):
            assert now - admitted >= COOL_DOWN
            admitted = now


def test_a_trial_of_which_nothing_will_be_heard_makes_room_at_once() -> None:
    breaker = opened()
    breaker.admits(COOL_DOWN)
    breaker.left()

    assert breaker.state is State.OPEN
    assert breaker.resets_in(COOL_DOWN) == 0
    assert [breaker.admits(COOL_DOWN), breaker.admits(COOL_DOWN)] == [True, False]


def test_only_a_trial_can_be_left() -> None:
    closed, open_ = CircuitBreaker(3, COOL_DOWN), opened(at=100.0)
    closed.left()
    open_.left()

    assert (closed.state, closed.resets_in(0)) == (State.CLOSED, 0)
    assert (open_.state, open_.resets_in(104.0)) == (State.OPEN, COOL_DOWN - 4)


def test_a_wait_that_nobody_named_is_accepted_and_a_long_one_is_not() -> None:
    backoff = Backoff(longest_asked=20)

    assert [backoff.accepts(each) for each in (None, 20, 20.1)] == [True, True, False]


@given(
    st.lists(st.tuples(st.sampled_from(["ask", "succeed", "fail", "leave"]), st.floats(0, 7)), max_size=60),
    st.integers(1, 4),
)
def test_whatever_happens_it_is_open_only_after_so_many_failures_in_a_row(
    story: list[tuple[str, float]], strikes: int
) -> None:
    breaker, now, in_a_row = CircuitBreaker(strikes, COOL_DOWN), 0.0, 0
    for event, passed in story:
        now += passed
        if event == "succeed":
            breaker.succeeded()
            in_a_row = 0
        elif event == "fail":
            breaker.failed(now)
            in_a_row += 1
        elif event == "leave":
            breaker.left()
        else:
            breaker.admits(now)
        assert (breaker.state is State.CLOSED) == (in_a_row < strikes)
        assert 0 <= breaker.resets_in(now) <= COOL_DOWN + 1e-9
