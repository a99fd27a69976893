"""The features are written for customers, and every example in them is run."""

import re
from pathlib import Path

import pytest
from pytest_bdd.parser import FeatureParser, ScenarioTemplate

FOLDER = Path(__file__).parents[2] / "features"
FILES = sorted(FOLDER.glob("*.feature"))
PROMISES = {
    *("exact_hit", "cache_miss", "semantic_hit", "bypass", "freshness"),
    *("trusted_hits", "feedback", "quality_report"),
    *("warm_up", "backup"),
    *("streaming", "openai_door", "anthropic_door"),
    "cost_and_savings",
    *("model_fallback", "retries_and_breakers"),
    *("coalescing", "purging", "tenant_isolation", "outage", "conversation", "batches", "change_of_embedder"),
}
TECHNICAL = re.compile(
    r"\b(HTTP|GET|POST|DELETE|JSON|header|status|endpoint|URL|request|response|[45]\d\d|cache-control|fingerprint)\b",
    re.IGNORECASE,
)


@pytest.fixture(autouse=True)
def stage() -> None:
    """Need none: nothing is played here."""


def scenarios(file: Path) -> list[ScenarioTemplate]:
    return list(FeatureParser(str(FOLDER), file.name).parse().scenarios.values())


def test_every_promise_has_its_feature() -> None:
    assert {file.stem for file in FILES} >= PROMISES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_example_is_run(file: Path) -> None:
    examples = re.findall(r"^ *(?:Example|Scenario).*: (.+)$", file.read_text(), re.MULTILINE)
    assert [each.name for each in scenarios(file)] == examples
    steps = Path(__file__).with_name(f"test_{file.stem}.py").read_text()
    assert f'scenarios("{file.name}")' in steps


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_feature_says_in_two_lines_why_the_customer_cares(file: Path) -> None:
    title, *reasons = file.read_text().split("\n\n")[0].splitlines()
    assert title.startswith("Feature: ")
    assert len(reasons) == 2


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_is_three_to_five_steps_with_one_event(file: Path) -> None:
    for each in scenarios(file):
        steps = each.steps[len(each.all_background_steps) :]
        assert sum(step.type == "when" for step in steps) == 1, each.name
        assert 3 <= len(steps) <= 5, each.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_sentence_speaks_of_a_door(file: Path) -> None:
    assert TECHNICAL.findall(file.read_text()) == []
