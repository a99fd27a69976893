"""What turns texts into embeddings."""

import os

# onnxruntime's own package reports to its makers unless it is told not to before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
