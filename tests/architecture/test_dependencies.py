"""Every dependency is declared once, explained, and locked with hashes that any registry can serve."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "dependencies.md"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

SERVICE = PYPROJECT["project"]["dependencies"]
GROUPS = PYPROJECT["dependency-groups"]
LOCKS = {
    "requirements.lock": [*SERVICE, *GROUPS["build"]],
    "requirements-dev.lock": [*SERVICE, *GROUPS["build"], *GROUPS["dev"]],
    "requirements-models.lock": GROUPS["models"],
}


def test_the_page_of_dependencies_explains_exactly_those_that_are_declared() -> None:
    explained = re.findall(r"^- \*\*(\S+)\*\*: ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    declared = [*SERVICE, *(each for group in GROUPS.values() for each in group)]
    assert sorted(explained) == sorted(map(_name, declared))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_all_that_is_declared(lock: str) -> None:
    assert {_name(each) for each in LOCKS[lock]} <= _pins(lock).keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_every_pin(lock: str) -> None:
    entries = re.split(r"^(?=\w)", _text(lock), flags=re.MULTILINE)[1:]
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_registry_and_no_folder(lock: str) -> None:
    assert re.findall(r"\w+://\S+|^-.*|file:\S+", _text(lock), flags=re.MULTILINE) == []


def test_the_locks_agree() -> None:
    service = _pins("requirements.lock")
    for lock in ("requirements-dev.lock", "requirements-models.lock"):
        pins = _pins(lock)
        assert {name: pins[name] for name in pins.keys() & service.keys() if pins[name] != service[name]} == {}


def test_what_tests_need_holds_all_that_the_service_needs() -> None:
    assert _pins("requirements.lock").keys() <= _pins("requirements-dev.lock").keys()


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0].lower()


def _pins(lock: str) -> dict[str, set[str]]:
    """Give each package's versions: there are two where the platform or the interpreter decides."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", _text(lock), flags=re.MULTILINE):
        pins.setdefault(name, set()).add(version)
    return pins


def _text(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8")
