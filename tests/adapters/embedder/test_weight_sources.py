"""Downloading, from a server on this machine."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from adapters.embedder.preparation import prepare, silent
from adapters.embedder.prepared_model import PreparedModel
from adapters.embedder.weight_sources import PUBLISHER, DownloadedWeights, InstalledWeights
from domain.similarity import EmbedderUnavailable


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Serving(Quiet, SimpleHTTPRequestHandler):
    """Serves a folder."""


class Moved(Serving):
    """Sends everyone elsewhere first, as the publisher does."""

    def do_GET(self) -> None:
        if self.path.startswith("/elsewhere/"):
            self.path = self.path.removeprefix("/elsewhere")
            return super().do_GET()
        self.send_response(302)
        self.send_header("Location", f"/elsewhere{self.path}")
        self.end_headers()
        return None


class Breaking(Quiet):
    """Promises more than it sends."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(b"the beginning")


class Silent(Quiet):
    def do_GET(self) -> None:
        time.sleep(1.0)


@contextmanager
def serving(handler: Callable[..., Any]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def original_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return InstalledWeights().locate(tmp_path_factory.mktemp("unused"), silent)


@pytest.mark.parametrize("handler", [Serving, Moved])
def test_the_publishers_files_are_downloaded_and_prepared(
    handler: type[Serving], original_files: Path, tmp_path: Path, prepared_model: PreparedModel
) -> None:
    with serving(partial(handler, directory=str(original_files))) as url:
        made = prepare(DownloadedWeights(f"{url}/"), tmp_path / "model")

    assert made.manifest == prepared_model.manifest
    assert list(tmp_path.iterdir()) == [made.folder]


def test_progress_grows_with_each_file(original_files: Path, tmp_path: Path) -> None:
    told: dict[str, list[float]] = {}

    with serving(partial(Serving, directory=str(original_files))) as url:
        DownloadedWeights(url).locate(tmp_path, lambda step, done: told.setdefault(step, []).append(done))

    assert list(told) == ["download model.safetensors", "download tokenizer.json"]
    assert all(parts == sorted(parts) and parts[-1] == 1.0 for parts in told.values())
    assert len(told["download model.safetensors"]) > 10


def test_a_file_that_the_server_lacks_is_named(tmp_path: Path) -> None:
    lacking = r"/model.safetensors could not be downloaded; .*404"
    with serving(partial(Serving, directory=str(tmp_path))) as url, pytest.raises(EmbedderUnavailable, match=lacking):
        prepare(DownloadedWeights(url), tmp_path / "models" / "minilm")

    assert not (tmp_path / "models" / "minilm").exists()


def test_a_download_that_breaks_off_is_never_taken_for_the_file(tmp_path: Path) -> None:
    with serving(Breaking) as url, pytest.raises(EmbedderUnavailable, match=r"downloaded|not the original"):
        prepare(DownloadedWeights(url), tmp_path / "model")

    assert list(tmp_path.iterdir()) == []


def test_a_silent_server_is_given_up(tmp_path: Path) -> None:
    with serving(Silent) as url, pytest.raises(EmbedderUnavailable, match="timed out"):
        DownloadedWeights(url, patience=0.05).locate(tmp_path, silent)


def test_nobody_listening_says_what_to_do(tmp_path: Path) -> None:
    with serving(Quiet) as url:
        pass

    with pytest.raises(EmbedderUnavailable, match="fetch it by hand and name its folder"):
        DownloadedWeights(url).locate(tmp_path, silent)


@pytest.mark.parametrize("address", ["file:///etc", "ftp://example.org", "example.org", ""])
def test_only_the_web_is_asked(address: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        DownloadedWeights(address)


def test_the_publisher_is_asked_by_default() -> None:
    assert DownloadedWeights().base_url == PUBLISHER
