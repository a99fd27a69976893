"""The grammar of names: words that say nothing are not used, and what one knows lets one guess where it is tested."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = ("domain", "application", "adapters", "entrypoints")
EMPTY_ENDINGS = {"manager", "service", "helper", "helpers", "util", "utils", "impl"}
EMPTY_BEGINNINGS = {"base", "abstract"}
PORTS = sorted(
    path.parent.name for path in (ROOT / "adapters").glob("*/__init__.py") if path.parent.name != "migrations"
)


@pytest.mark.parametrize("folder", HOUSE)
def test_no_name_says_nothing(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    named = [path.stem for path in files] + [name for path in files for name in _classes(path)]
    assert [name for name in named if _is_empty(_words(name))] == []


@pytest.mark.parametrize("port", PORTS)
def test_every_port_has_a_contract(port: str) -> None:
    assert (ROOT / "tests" / "contracts" / f"test_{port}.py").is_file()


def test_every_package_of_the_house_is_marked_as_one() -> None:
    folders = {path.parent for folder in HOUSE for path in (ROOT / folder).rglob("*.py")}
    assert [str(each.relative_to(ROOT)) for each in sorted(folders) if not (each / "__init__.py").is_file()] == []


def _classes(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _is_empty(words: list[str]) -> bool:
    return bool(words) and (words[0] in EMPTY_BEGINNINGS or words[-1] in EMPTY_ENDINGS)


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)]
