"""ragboost models: prepare the embedding model."""

from pathlib import Path

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from entrypoints.opening import prepare_model
from entrypoints.settings_loading import load_settings


@click.group()
def models() -> None:
    """Prepare the embedding model."""


@models.command()
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with the publisher's model.safetensors and tokenizer.json.",
)
@click.option("--download", is_flag=True, help="Fetch the files from their publisher.")
def prepare(folder: Path | None, download: bool) -> None:
    """Build the embedding model, once; checks it when it is there already."""
    settings = load_settings()
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()) as bar:
        task = bar.add_task("embedding model", total=1.0)
        version = prepare_model(
            settings, folder, download, lambda step, done: bar.update(task, description=step, completed=done)
        )
        bar.update(task, description="embedding model", completed=1.0)
    click.echo(f"{version} is ready in {settings.model_folder}")
