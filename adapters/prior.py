"""The prior that ships with the product: what is believed of traffic of which nothing is known yet."""

from hashlib import blake2b
from pathlib import Path

import msgspec

from domain.belief import Belief, Vector
from domain.calibration import Prior
from domain.candidates import BENT

FILE = Path(__file__).with_suffix(".json")


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    """The file: *covariance* is its lower triangle, row by row."""

    features: tuple[str, ...]
    mean: Vector
    covariance: tuple[Vector, ...]
    alone: Vector


def read_prior(features: tuple[str, ...], file: Path = FILE) -> Prior:
    """
    Read a prior of *features*.

    Raises:
        ValueError: it is no prior, or it is about other features than these.
    """
    value = file.read_bytes()
    written = msgspec.json.decode(value, type=_Written)
    if written.features != features or len(written.alone) != len(features) + len(BENT):
        raise ValueError(f"{file.name} is about other features than these; make it anew with `make prior`")
    version = blake2b(value, digest_size=8).hexdigest()
    return Prior(version, features, Belief(written.mean, _square(written.covariance)), written.alone)


def write_prior(prior: Prior, file: Path = FILE) -> None:
    """Write a prior, but for its version, which is the file's: equal ones make equal files."""
    triangle = tuple(row[: number + 1] for number, row in enumerate(prior.belief.covariance))
    value = msgspec.json.encode(_Written(prior.features, prior.belief.mean, triangle, prior.alone))
    file.write_bytes(msgspec.json.format(value, indent=1) + b"\n")


def _square(triangle: tuple[Vector, ...]) -> tuple[Vector, ...]:
    size = len(triangle)
    return tuple(tuple(triangle[max(i, j)][min(i, j)] for j in range(size)) for i in range(size))
