import signal
from pathlib import Path

from tests.entrypoints.http.running import PATIENCE, running


def test_ctrl_c_ends_the_service_without_a_word(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        service.post("/api/v1/query", {"query": "What is RAGBoost?"})
        before = service.client.get("/health")
        service.process.send_signal(signal.SIGINT)

        assert service.process.wait(PATIENCE) == 0

    assert before.status_code == 200
    assert "Aborted" not in service.log
    assert "Traceback" not in service.log
