import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.exclusive import Exclusive, InUse

HOLD = """
import sys, time
from pathlib import Path
from adapters.exclusive import Exclusive

held = Exclusive(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


@contextmanager
def holding(file: Path, seconds: float = 60.0) -> Iterator["subprocess.Popen[str]"]:
    """Have another process hold *file*."""
    command = [sys.executable, "-c", HOLD, str(file), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own interpreter
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_what_another_process_holds_is_refused_by_name(tmp_path: Path) -> None:
    with holding(tmp_path / "answers.db"), pytest.raises(InUse, match=r"answers\.db is in use"):
        Exclusive(tmp_path / "answers.db")


async def test_so_is_what_this_process_holds_until_it_lets_go(tmp_path: Path) -> None:
    held = Exclusive(tmp_path / "answers.db")
    with pytest.raises(InUse):
        Exclusive(tmp_path / "answers.db")

    await held.close()

    await Exclusive(tmp_path / "answers.db").close()


async def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    with holding(tmp_path / "answers.db") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()

        await Exclusive(tmp_path / "answers.db").close()


async def test_one_that_is_just_ending_is_waited_for(tmp_path: Path) -> None:
    with holding(tmp_path / "answers.db", seconds=0.1):
        await Exclusive(tmp_path / "answers.db").close()


async def test_the_file_itself_is_left_alone_and_its_folder_made(tmp_path: Path) -> None:
    await Exclusive(tmp_path / "data" / "answers.db").close()

    assert [each.name for each in (tmp_path / "data").iterdir()] == ["answers.db.lock"]


async def test_letting_go_twice_lets_go_of_nothing_else(tmp_path: Path) -> None:
    held = Exclusive(tmp_path / "answers.db")
    await held.close()
    other = (tmp_path / "other").open("w")

    await held.close()

    other.write("still open")
    other.close()


def test_a_folder_that_is_a_file_is_the_systems_error(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(FileExistsError):
        Exclusive(tmp_path / "data" / "answers.db")
