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


def test_head_is_get_without_the_body(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        for path in ("/health", "/ready", "/metrics", "/api/v1/cache/stats"):
            whole, head = service.client.get(path), service.client.head(path)

            assert (head.status_code, head.headers["content-type"]) == (200, whole.headers["content-type"])
            assert head.content == b""
        assert service.client.head("/api/v1/query").status_code == 405
        assert service.client.get("/health").json()["status"] == "ok"
