from decimal import Decimal

import pytest
from attrs import evolve

from adapters.event_sink.genai_metrics import MOST
from adapters.event_sink.metrics import Instruments, MetricsEventSink
from adapters.event_sink.prometheus import PrometheusPage
from domain.answers import Origin, Reason
from domain.events import (
    AnswerServed,
    AnswersRemoved,
    Event,
    ModelCalled,
    ModelCallFailed,
    PartFailed,
    QuestionFailed,
    TextTruncated,
)
from domain.generation import FinishReason
from domain.pricing import Bill
from domain.tokens import TokenUsage


def served(origin: Origin, seconds: float) -> AnswerServed:
    return AnswerServed("acme", origin, Reason.SAME_QUESTION, "openai", "m", seconds, {}, "Who is bob@example.com?")


async def page_after(*events: Event) -> list[str]:
    page = PrometheusPage()
    sink = MetricsEventSink(Instruments(page.meter), page.answers)
    for event in events:
        sink.note(event)
    return (await page.text()).decode().splitlines()


async def test_answers_are_timed_by_where_they_came_from() -> None:
    lines = await page_after(
        served(Origin.EXACT_HIT, 0.0002), served(Origin.EXACT_HIT, 0.004), served(Origin.GENERATED, 100.0)
    )

    assert "# TYPE ragboost_answer_duration_seconds histogram" in lines
    assert 'ragboost_answer_duration_seconds_bucket{le="0.0001",origin="exact_hit"} 0.0' in lines
    assert 'ragboost_answer_duration_seconds_bucket{le="0.00025",origin="exact_hit"} 1.0' in lines
    assert 'ragboost_answer_duration_seconds_bucket{le="0.005",origin="exact_hit"} 2.0' in lines
    assert 'ragboost_answer_duration_seconds_count{origin="exact_hit"} 2.0' in lines
    assert 'ragboost_answer_duration_seconds_sum{origin="exact_hit"} 0.0042' in lines
    assert 'ragboost_answer_duration_seconds_bucket{le="60.0",origin="generated"} 0.0' in lines
    assert 'ragboost_answer_duration_seconds_bucket{le="+Inf",origin="generated"} 1.0' in lines


async def test_a_value_on_a_bound_belongs_below_it() -> None:
    lines = await page_after(served(Origin.EXACT_HIT, 0.001))

    assert 'ragboost_answer_duration_seconds_bucket{le="0.0005",origin="exact_hit"} 0.0' in lines
    assert 'ragboost_answer_duration_seconds_bucket{le="0.001",origin="exact_hit"} 1.0' in lines


async def test_every_origin_is_shown_before_the_first_answer() -> None:
    lines = await page_after()

    for origin in Origin:
        assert f'ragboost_answer_duration_seconds_count{{origin="{origin}"}} 0.0' in lines


async def test_models_beyond_number_and_those_that_never_answered_are_others() -> None:
    models = [f"m{number}" for number in range(MOST + 5)]
    calls = [ModelCalled("openai", each, TokenUsage(7, 2), FinishReason.STOP, 0.3) for each in models]
    lines = await page_after(*calls, ModelCallFailed("openai", "my secret", TimeoutError(), 1))

    counts = [each for each in lines if each.startswith(f"{DURATION}_count") and '"_OTHER"' in each]
    assert [each.rpartition(" ")[2] for each in counts] == ["5.0", "1.0"]
    assert "my secret" not in "".join(lines)


DURATION = "gen_ai_client_operation_duration_seconds"
CALL = 'gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="m"'

OTHER = CALL.replace('"m"', '"_OTHER"')


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            QuestionFailed("t", "p", "m", TimeoutError(), 1),
            'ragboost_question_failures_total{error="TimeoutError"} 1.0',
        ),
        (
            ModelCalled("openai", "m", TokenUsage(7, 2), FinishReason.STOP, 0.3),
            f'{DURATION}_bucket{{{CALL},gen_ai_response_finish_reason="stop",le="0.32"}} 1.0',
        ),
        (
            ModelCalled("openai", "m", TokenUsage(7, 2), FinishReason.STOP, 0.3, first_chunk=0.1),
            f'gen_ai_client_operation_time_to_first_chunk_seconds_bucket{{{CALL},le="0.16"}} 1.0',
        ),
        (
            ModelCalled("openai", "m", TokenUsage(7, 2), FinishReason.STOP, 0.3),
            f'gen_ai_client_token_usage_sum{{{CALL},gen_ai_token_type="input"}} 7.0',
        ),
        (
            ModelCalled("openai", "m", TokenUsage(7, 2), FinishReason.STOP, 0.3),
            f'gen_ai_client_token_usage_sum{{{CALL},gen_ai_token_type="output"}} 2.0',
        ),
        (
            ModelCallFailed("openai", "m", TimeoutError(), 30),
            f'{DURATION}_count{{error_type="TimeoutError",{OTHER}}} 1.0',
        ),
        (PartFailed("embedder", OSError()), 'ragboost_part_failures_total{part="embedder"} 1.0'),
        (AnswersRemoved("evicted", 12), 'ragboost_answers_removed_total{cause="evicted"} 12.0'),
        (TextTruncated(900), "ragboost_texts_truncated_total 1.0"),
    ],
)
async def test_every_event_is_counted(event: Event, line: str) -> None:
    assert line in await page_after(event)


async def test_tokens_and_dollars_are_told_apart_by_what_they_mean() -> None:
    cost, unknown = Decimal("0.25"), ModelCalled("local", "m", TokenUsage(7, 2), FinishReason.STOP, 0.3)
    hit = evolve(served(Origin.EXACT_HIT, 0.1), bill=Bill(9, avoided=9, saved=cost))
    lines = await page_after(
        *(ModelCalled("openai", "m", TokenUsage(7, 2), FinishReason.STOP, 0.3, "acme", cost), hit, hit, unknown),
        ModelCalled("extractive", "m", TokenUsage(1, 1), FinishReason.STOP, 0.3, "acme", Decimal(0)),
        evolve(served(Origin.EXACT_HIT, 0.1), bill=Bill(9, avoided=9, saved=None)),
    )

    assert 'ragboost_tokens_total{kind="served",model="m",provider="openai"} 27.0' in lines
    assert 'ragboost_tokens_total{kind="provider",model="m",provider="openai"} 9.0' in lines
    assert 'ragboost_tokens_total{kind="avoided",model="m",provider="openai"} 27.0' in lines
    assert 'ragboost_tokens_total{kind="billable",model="m",provider="local"} 9.0' in lines
    assert 'ragboost_tokens_total{kind="billable",model="m",provider="extractive"} 0.0' in lines
    assert 'ragboost_cost_usd_total{kind="spent",model="m",provider="openai"} 0.25' in lines
    assert 'ragboost_cost_usd_total{kind="saved",model="m",provider="openai"} 0.5' in lines
    assert 'ragboost_unpriced_total{model="m",provider="openai"} 1.0' in lines
    assert 'ragboost_unpriced_total{model="m",provider="local"} 1.0' in lines


async def test_each_line_stands_on_the_page_once() -> None:
    lines = await page_after(served(Origin.EXACT_HIT, 1.0), PartFailed("embedder", OSError()))

    assert len(lines) == len(set(lines))


async def test_nothing_personal_is_measured() -> None:
    page = "\n".join(await page_after(served(Origin.EXACT_HIT, 1.0)))

    assert "bob" not in page
    assert "acme" not in page


async def test_two_pages_share_nothing() -> None:
    await page_after(PartFailed("embedder", OSError()))

    assert 'part="embedder"' not in "\n".join(await page_after())


async def test_a_scrape_counts_on_where_the_last_one_ended() -> None:
    page = PrometheusPage()
    sink = MetricsEventSink(Instruments(page.meter), page.answers)
    counts = []
    for _ in range(2):
        sink.note(served(Origin.EXACT_HIT, 1.0))
        sink.note(PartFailed("embedder", OSError()))
        counts.append((await page.text()).decode())
    await page.close()

    assert 'ragboost_answer_duration_seconds_count{origin="exact_hit"} 2.0' in counts[1]
    assert 'ragboost_part_failures_total{part="embedder"} 2.0' in counts[1]
