"""In CI a skipped test is a failed one."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

A_MODULE = """
import pytest

pytest.importorskip("nothing_called_so")
"""
TESTS = """
import pytest

def test_that_skips() -> None:
    pytest.skip("no server")

@pytest.mark.skip(reason="no server")
def test_that_is_marked() -> None: ...

@pytest.mark.xfail
def test_that_is_expected_to_fail() -> None:
    assert False

def test_that_runs() -> None: ...
"""


def test_what_is_skipped_fails(tmp_path: Path) -> None:
    (tmp_path / "test_a_module.py").write_text(A_MODULE, encoding="utf-8")
    (tmp_path / "test_tests.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "-p", "tests.no_skips"]
    command += ["--continue-on-collection-errors", str(tmp_path)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout  # noqa: S603
    assert "1 failed, 1 passed, 1 xfailed, 2 errors in" in told
    assert "skipped, which CI does not allow" in told
