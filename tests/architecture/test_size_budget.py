"""
The size budget: small functions, small classes, small files, few parameters.

What must exceed a limit says why: a function or class in a comment ``# over budget: ...`` on its first line or the
line above, a file in a line ``# file over budget: ...``.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEASURED = ("domain", "application", "adapters", "entrypoints")

SHORT, SHORT_SHARE = 5, 0.65
MIDDLING, MIDDLING_SHARE = 10, 0.90
LONGEST_FUNCTION, LONGEST_CLASS, LONGEST_FILE = 20, 100, 200
MOST_PARAMETERS = 4
EXCUSE = re.compile(r"# over budget: \S")
FILE_EXCUSE = re.compile(r"# file over budget: \S")

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef

FILES = [path for folder in MEASURED for path in sorted((ROOT / folder).rglob("*.py"))]
LINES = {path: path.read_text(encoding="utf-8").splitlines() for path in FILES}
NODES = [(path, node) for path, lines in LINES.items() for node in ast.walk(ast.parse("\n".join(lines)))]


def test_files_are_found() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(MEASURED)


def test_most_functions_are_short() -> None:
    assert _share_up_to(SHORT) >= SHORT_SHARE


def test_nearly_all_functions_are_no_longer_than_ten_lines() -> None:
    assert _share_up_to(MIDDLING) >= MIDDLING_SHARE


def test_no_function_is_long() -> None:
    assert _over(LONGEST_FUNCTION, ((*each, _body_lines(each[1])) for each in _functions())) == []


def test_no_class_is_long() -> None:
    assert _over(LONGEST_CLASS, ((*each, _lines(each[1], each[1])) for each in _classes())) == []


def test_no_function_takes_many_parameters() -> None:
    assert _over(MOST_PARAMETERS, ((*each, _parameters(each[1])) for each in _functions())) == []


def test_no_file_is_long() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): lines
        for path, lines in LINES.items()
        if not any(map(FILE_EXCUSE.match, lines))
    }
    assert {place: len(lines) for place, lines in lengths.items() if len(lines) > LONGEST_FILE} == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("def f(): pass", 1),
        ('def f():\n    """Say."""', 0),
        ('def f():\n    """Say."""\n    a = 1\n\n    return a', 3),
        ("def f():\n    return (\n        1,\n        2,\n    )", 4),
        ("async def f():\n    # why\n    return 1", 1),
    ],
)
def test_a_body_is_counted_without_its_docstring(source: str, lines: int) -> None:
    node = ast.parse(source).body[0]
    assert isinstance(node, Function)
    assert _body_lines(node) == lines


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("def f(self, a, /, b, *c, d=1, **e): pass", 5),
        ("def f(cls, a): pass", 1),
        ("def f(a, self): pass", 2),
        ("def f(): pass", 0),
    ],
)
def test_parameters_are_counted_without_self(source: str, count: int) -> None:
    node = ast.parse(source).body[0]
    assert isinstance(node, Function)
    assert _parameters(node) == count


def _functions() -> Iterator[tuple[Path, Function]]:
    return ((path, node) for path, node in NODES if isinstance(node, Function))


def _classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    return ((path, node) for path, node in NODES if isinstance(node, ast.ClassDef))


def _body_lines(function: Function) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return _lines(body[0], body[-1]) if body else 0


def _lines(first: ast.stmt, last: ast.stmt) -> int:
    return (last.end_lineno or last.lineno) - first.lineno + 1


def _parameters(function: Function) -> int:
    taken = function.args
    named = [*taken.posonlyargs, *taken.args]
    own = 1 if named and named[0].arg in {"self", "cls"} else 0
    starred = [each for each in (taken.vararg, taken.kwarg) if each]
    return len(named) - own + len(taken.kwonlyargs) + len(starred)


def _over(limit: int, sizes: Iterable[tuple[Path, Definition, int]]) -> list[str]:
    return [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {node.name}: {size}"
        for path, node, size in sizes
        if size > limit and not _excused(path, node)
    ]


def _excused(path: Path, node: Definition) -> bool:
    return any(EXCUSE.search(line) for line in LINES[path][max(0, node.lineno - 2) : node.lineno])


def _share_up_to(lines: int) -> float:
    sizes = [_body_lines(node) for _, node in _functions()]
    return sum(size <= lines for size in sizes) / len(sizes)
