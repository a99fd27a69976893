"""Sections of Markdown become passages."""

from pathlib import Path

from adapters.language_model.extractive import Passage
from adapters.language_model.markdown import passages_of, read_passages

DOCUMENT = """\
![badge](http://example.org/badge.svg)

# Rag*Boost*

It remembers **answers**,
and [says](http://example.org) `why`.  
<!-- a remark -->

## Empty

## Two commands

Start it:

```sh
pip install .

ragboost serve
```

1. First this.
2. Then *that*.

> A word of warning.

| name | meaning |
|------|---------|
| `TTL` | seconds of freshness |
"""  # noqa: W291 - two spaces are a line break


def test_each_section_with_text_is_a_passage_without_marks() -> None:
    assert passages_of("README.md", DOCUMENT) == (
        Passage("README.md", "RagBoost", "It remembers answers, and says why."),
        Passage(
            "README.md",
            "Two commands",
            "Start it:\n\n    pip install .\n    ragboost serve\n\nFirst this.\n\nThen that.\n\n"
            "A word of warning.\n\nTTL | seconds of freshness",
        ),
    )


def test_code_of_many_lines_is_left_out() -> None:
    lines = "\n".join(f"line {number}" for number in range(9))
    assert passages_of("a.md", f"Read this:\n\n```\n{lines}\n```\n") == (Passage("a.md", "", "Read this:"),)


def test_code_that_nothing_leads_to_stands_for_itself() -> None:
    (passage,) = passages_of("a.md", "## Start\n\n    ragboost serve\n")
    assert passage.sentences == ("ragboost serve",)


def test_documents_are_read_in_order_and_folders_by_name(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "b.md").write_text("Second é.", encoding="utf-8")
    (docs / "a.md").write_text("First.", encoding="utf-8")
    (docs / "c.txt").write_text("Not this.", encoding="utf-8")
    (tmp_path / "README.md").write_text("Zeroth.", encoding="utf-8")
    passages = read_passages([tmp_path / "README.md", docs, tmp_path / "missing.md"])
    assert [(each.source, each.text) for each in passages] == [
        ("README.md", "Zeroth."),
        ("docs/a.md", "First."),
        ("docs/b.md", "Second é."),
    ]
