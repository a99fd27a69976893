"""What many tests need: models, prepared once and kept."""

import os
from pathlib import Path

import pytest

from adapters.embedder.preparation import prepare
from adapters.embedder.prepared_model import Precision, PreparedModel
from adapters.embedder.weight_sources import InstalledWeights

MODELS = Path(os.environ.get("RAGBOOST_TEST_MODELS") or Path(__file__).parents[1] / ".data" / "models")


@pytest.fixture(scope="session")
def prepared_model() -> PreparedModel:
    """Give the model that the service runs by default; its first preparation takes a second."""
    return prepare(InstalledWeights(), MODELS / "all-MiniLM-L6-v2-int8")


@pytest.fixture(scope="session")
def full_precision_model() -> PreparedModel:
    return prepare(InstalledWeights(), MODELS / "all-MiniLM-L6-v2-fp32", Precision.FP32)
