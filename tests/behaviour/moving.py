"""A memory that is saved, and restored: here, or in another service on other parts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from entrypoints.cli.memory_file import MemoryFileReader
from entrypoints.cli.memory_moves import restore, save
from entrypoints.cli.memory_survey import survey
from entrypoints.settings import Settings
from tests.entrypoints.http.service import Service, WatchedFlights, serving


def save_memory(service: Service, file: Path) -> None:
    """Write all that *service* remembers into *file*, while it runs."""
    with service.client.portal() as portal:
        portal.call(save, service.container.export_memory(), file)


def restore_memory(service: Service, file: Path) -> None:
    """Have *service* remember what is in *file*, while it runs."""
    with file.open("rb") as opened, service.client.portal() as portal:
        reader = MemoryFileReader(opened)
        portal.call(restore, service.container.import_memory(), reader, survey(reader))


@contextmanager
def another_service(service: Service, folder: Path) -> Iterator[tuple[Service, WatchedFlights]]:
    """Start a service with the same models and the same time, on parts in memory."""
    known = service.container.settings()
    settings = Settings.model_validate(
        {
            "answer_cache": {"kind": "memory"},
            "vector_index": {"kind": "memory"},
            "data_folder": folder,
            **{name: getattr(known, name) for name in ("models_folder", "language_model", "semantic", "openai")},
        }
    )
    flights = WatchedFlights()
    with serving(settings, openai=None, flights=flights) as other:
        other.clock.advance(service.clock.now() - other.clock.now())
        yield other, flights
