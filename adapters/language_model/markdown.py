"""Passages out of Markdown documents: one for each section, its text without the marks."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from adapters.language_model.extractive import Passage

LONGEST_CODE = 8
"""Lines of a code block that may be quoted; a longer one is left out."""

_PARSER = MarkdownIt("commonmark").enable("table")


def read_passages(paths: Iterable[Path]) -> tuple[Passage, ...]:
    """
    Read documents, and the ``*.md`` in folders, in the order given; what does not exist is passed over.

    It reads files, so call it before the event loop runs. Raises ``OSError`` where one cannot be read.
    """
    return tuple(passage for path in paths for passage in _passages_at(path))


def passages_of(source: str, markdown: str) -> tuple[Passage, ...]:
    """Give a passage for each section that has text of its own, titled by its heading."""
    sections: list[tuple[str, list[str]]] = [("", [])]
    for node in SyntaxTreeNode(_PARSER.parse(markdown)).children:
        if node.type == "heading":
            sections.append((_text(node), []))
        else:
            sections[-1][1].extend(filter(str.strip, _paragraphs(node)))
    return tuple(Passage(source, title, "\n\n".join(paragraphs)) for title, paragraphs in sections if paragraphs)


def _passages_at(path: Path) -> Iterator[Passage]:
    if path.is_dir():
        for document in sorted(path.glob("*.md")):
            yield from passages_of(f"{path.name}/{document.name}", document.read_text(encoding="utf-8"))
    elif path.is_file():
        yield from passages_of(path.name, path.read_text(encoding="utf-8"))


def _paragraphs(node: SyntaxTreeNode) -> Iterator[str]:
    """Give each piece of prose, each row of a table, and each short block of code."""
    if node.type in ("fence", "code_block"):
        yield from _code(node.content.rstrip("\n").split("\n"))
    elif node.type == "inline":
        yield _text(node)
    elif node.type == "tr":
        yield " | ".join(_text(cell) for cell in node.children)
    elif node.type != "thead":
        yield from (paragraph for child in node.children for paragraph in _paragraphs(child))


def _code(lines: list[str]) -> Iterator[str]:
    """Indent the block, and keep it one paragraph: an empty line would end it."""
    if len(lines) <= LONGEST_CODE:
        yield "\n".join(f"    {line}" for line in lines if line.strip())


def _text(node: SyntaxTreeNode) -> str:
    """Read the words of *node*; a picture has none, and a line break is a space."""
    if node.type in ("text", "code_inline"):
        return node.content
    if node.type in ("softbreak", "hardbreak"):
        return " "
    return "".join(map(_text, node.children)) if node.type != "image" else ""
