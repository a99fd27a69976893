"""ragboost usage."""

import json
import re
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import Main, Run

QUESTION = "How do I install RAGBoost?"


@pytest.fixture
def asked(run: Run) -> None:
    """Have the documentation answer twice, once from memory."""
    for _ in range(2):
        assert run("ask", QUESTION).exit_code == 0


@pytest.mark.usefixtures("asked")
def test_what_was_served_a_moment_ago_is_in_the_books(run: Run) -> None:
    told = json.loads(run("usage", "--json").stdout)

    (line,) = told["lines"]
    assert (line["provider"], line["model"][:5], line["answers"], line["remembered"], line["calls"]) == (
        *("extractive", "docs-"),
        *(2, 1, 1),
    )
    assert told["total"] == {name: value for name, value in line.items() if name not in {"day", "provider", "model"}}
    assert (told["total"]["spent_usd"], told["total"]["saved_usd"], told["total"]["unpriced"]) == ("0", "0", 0)


@pytest.mark.usefixtures("asked")
def test_a_table_shows_it_with_its_sum(run: Run) -> None:
    shown = run("usage").stdout

    assert re.search(r"\d{4}-\d\d-\d\d +extractive docs-\w+ +2 +1 +1 +0 +0 +0\b", shown)
    assert re.search(r"total +2 +1 +1 +0 +0 +0\b", shown)
    assert "avoided: tokens that memory spared" in shown


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    "narrowed", [("--tenant", "nobody"), ("--to", "2026-01-01"), ("--from", "2999-01-01", "--to", "2999-01-02")]
)
def test_other_days_and_other_tenants_have_books_of_their_own(run: Run, narrowed: tuple[str, ...]) -> None:
    assert json.loads(run("usage", "--json", *narrowed).stdout)["lines"] == []


def test_the_period_is_told(run: Run) -> None:
    told = json.loads(run("usage", "--json", "--to", "2026-03-01").stdout)

    assert (told["from"], told["to"], told["tenant"]) == ("2026-01-30", "2026-03-01", None)


def test_the_first_day_there_is_has_none_before_it(run: Run) -> None:
    assert json.loads(run("usage", "--json", "--to", "0001-01-03").stdout)["from"] == "0001-01-01"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--from", "2026-03-02", "--to", "2026-03-01"), "--from 2026-03-02 is after --to 2026-03-01; give an earlier"),
        (("--from", "yesterday"), "'yesterday' does not match the format '%Y-%m-%d'"),
    ],
)
def test_days_that_make_no_sense_are_refused(run: Run, given: tuple[str, ...], told: str) -> None:
    refused = run("usage", *given)

    assert refused.exit_code == 2
    assert told in refused.stderr


@pytest.mark.usefixtures("run")
def test_records_that_cannot_be_read_are_told(main: Main, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "records.db").write_bytes(b"this is no database" * 100)

    status, told = main("usage")

    assert status == 1
    assert "records.db cannot be used" in told
