"""How far a long command is, and how long it will take."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from attrs import frozen
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn


@frozen
class Bar:
    """A bar on a terminal, and nothing elsewhere; what is said meanwhile stands above it."""

    progress: Progress
    task: TaskID

    def watch(self, file: BinaryIO) -> BinaryIO:
        """Give *file*, of which what is read counts."""
        return self.progress.wrap_file(file, task_id=self.task)

    def advance(self, steps: float) -> None:
        """Count *steps*."""
        self.progress.advance(self.task, steps)

    def say(self, sentence: str) -> None:
        """Print *sentence* as it is."""
        self.progress.console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    def stop(self) -> None:
        """Leave the bar as it is, and let others print."""
        self.progress.stop()


@contextmanager
def progress_bar(what: str, total: float) -> Iterator[Bar]:
    """Show a bar on standard error until the end of the ``with`` statement."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield Bar(progress, progress.add_task(what, total=total))
