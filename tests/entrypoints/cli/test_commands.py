"""The command line on a service that lives as long as the command; the data folder stays."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from domain.errors import Absent, Malformed
from entrypoints.cli.client import ServiceRefused
from entrypoints.cli.quality_report import show_quality
from tests.entrypoints.cli.conftest import Main, Run

QUESTION = "How do I install RAGBoost?"


class TestAsk:
    def test_a_newcomer_gets_a_true_answer_that_names_its_source(self, run: Run) -> None:
        result = run("ask", QUESTION)

        assert result.exit_code == 0
        assert "make serve" in result.stdout
        assert "README.md" in result.stdout
        assert "miss (no_candidate)" in result.stdout

    def test_the_answer_is_remembered_from_one_command_to_the_next(self, run: Run) -> None:
        run("ask", QUESTION)

        assert "exact hit (same_question)" in run("ask", QUESTION).stdout

    def test_of_an_answer_to_other_words_it_says_whose_and_how_likely_it_fits(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RAGBOOST_VECTOR_INDEX_KIND", "edge")
        monkeypatch.setenv("RAGBOOST_SEMANTIC_POLICY", "threshold")
        monkeypatch.setenv("RAGBOOST_SEMANTIC_THRESHOLD", "0.3")
        run("ask", QUESTION)

        told = run("ask", "How can I install RAGBoost?").stdout

        assert re.search(rf"semantic hit \(similar\), remembered from '{re.escape(QUESTION)}', \d\d\.\d% likely", told)

    def test_it_prints_the_services_own_json(self, run: Run) -> None:
        answer = json.loads(run("ask", "-", "--json", input=QUESTION).stdout)

        assert answer["provider"] == "extractive"
        assert answer["citations"][0]["source"] == "README.md, Install and run"

    def test_an_answer_is_printed_while_it_comes(self, run: Run) -> None:
        whole = run("ask", QUESTION).stdout.split("\n\n")[0]
        result = run("ask", QUESTION, "--no-cache", "--stream")

        assert result.stdout.startswith(f"{whole}\n\n")
        assert "miss (bypassed)" in result.stdout

    def test_an_answer_that_comes_is_not_json(self, run: Run) -> None:
        assert "leave it or --stream out" in run("ask", QUESTION, "--stream", "--json").output

    def test_memory_may_be_left_alone(self, run: Run) -> None:
        run("ask", QUESTION, "--no-cache")

        assert "0 answers" in run("cache", "stats").stdout

    @pytest.mark.parametrize("options", [(), ("--stream",)])
    def test_a_problem_is_told_in_its_own_words(self, run: Run, options: tuple[str, ...]) -> None:
        result = run("ask", "  ", *options)

        assert isinstance(result.exception, ServiceRefused)
        assert "query: must not be blank" in str(result.exception)

    @pytest.mark.parametrize("options", [(), ("--stream",)])
    def test_a_service_that_is_not_there_is_named(self, run: Run, options: tuple[str, ...]) -> None:
        result = run("ask", QUESTION, "--url", "http://127.0.0.1:9", *options)

        assert isinstance(result.exception, ServiceRefused)
        assert "http://127.0.0.1:9" in str(result.exception)

    @pytest.mark.parametrize(
        ("page", "status"),
        [(b"<html>Welcome</html>", 200), (b"<html>Bad gateway</html>", 502), (b"[]", 200), (b"", 200)],
    )
    def test_a_page_that_is_not_ours_is_told_in_a_sentence(
        self, main: Main, tmp_path: Path, page: bytes, status: int
    ) -> None:
        with saying(page, status) as url:
            code, told = main("cache", "stats", "--url", url)

        assert code == 1
        assert told.startswith(f"ragboost: {url}/api/v1/cache/stats answers {status}, but not as RAGBoost does; ")
        assert "--url or RAGBOOST_URL" in told
        assert told.count("\n") == 1
        assert not any(tmp_path.iterdir())

    def test_an_address_that_is_none_is_named(self, main: Main) -> None:
        code, told = main("ask", QUESTION, "--url", "http://127.0.0.1:port")

        assert code == 1
        assert told.startswith("ragboost: http://127.0.0.1:port is no address: ")


class TestCache:
    def test_entries_are_counted_shown_and_purged(self, run: Run) -> None:
        run("ask", QUESTION)
        entry = json.loads(run("ask", QUESTION, "--json").stdout)["cache_info"]["entry_id"]

        assert "1 answers" in run("cache", "stats").stdout
        assert json.loads(run("cache", "stats", "--json").stdout)["entries"] == 1
        assert json.loads(run("cache", "show", entry).stdout)["query"] == QUESTION
        assert run("cache", "purge", "--all", "--dry-run").stdout == "1 answers match\n"
        assert "1 answers forgotten" in run("cache", "purge", "--all", "--yes").stdout
        assert "0 answers" in run("cache", "stats").stdout

    def test_a_purge_asks_first(self, run: Run) -> None:
        run("ask", QUESTION)

        assert "forgotten" not in run("cache", "purge", "--all", input="n\n").stdout
        assert "1 answers forgotten" in run("cache", "purge", "--model", _model(run), input="y\n").stdout

    def test_a_purge_of_nothing_in_particular_is_refused(self, run: Run) -> None:
        assert isinstance(run("cache", "purge").exception, ServiceRefused)


class TestTrust:
    def test_a_wrong_answer_is_reported_and_forgotten(self, run: Run) -> None:
        run("ask", QUESTION)
        entry = json.loads(run("ask", QUESTION, "--json").stdout)["cache_info"]["entry_id"]

        assert run("cache", "feedback", entry, QUESTION, "--right").stdout == "noted\n"
        told = run("cache", "feedback", entry, QUESTION, "--wrong", "--note", "nonsense").stdout
        assert told == "the answer is forgotten, and will not be served for this question again\n"
        assert "0 answers" in run("cache", "stats").stdout

    def test_what_is_said_twice_is_known(self, run: Run) -> None:
        run("ask", QUESTION)
        entry = json.loads(run("ask", QUESTION, "--json").stdout)["cache_info"]["entry_id"]
        run("cache", "feedback", entry, QUESTION, "--right")

        assert run("cache", "feedback", entry, QUESTION, "--right").stdout == "noted (it was known)\n"

    def test_who_reports_says_how_it_was(self, run: Run) -> None:
        result, both = (run("cache", "feedback", "e" * 64, QUESTION, *said) for said in ((), ("--right", "--wrong")))

        assert result.exit_code == both.exit_code == 2
        assert "say --wrong or --right" in result.stderr

    def test_nothing_is_known_of_those_who_never_asked(self, run: Run) -> None:
        assert run("cache", "quality").stdout == "nothing is known of local yet: nothing was asked\n"

    def test_the_report_is_a_table_with_what_was_refused(self, run: Run) -> None:
        run("ask", QUESTION)
        run("ask", QUESTION)
        report = run("cache", "quality").stdout
        told = json.loads(run("cache", "quality", "--json").stdout)
        narrowed = json.loads(run("cache", "quality", "--namespace", "handbook", "--json").stdout)

        assert "(none)" in report
        assert "50.0%" in report
        assert told["namespaces"][0]["requests"] == 2
        assert narrowed["namespaces"] == []


def a_namespace(**changes: object) -> dict[str, object]:
    quiet = {
        "namespace": "handbook",
        "requests": 2000,
        "hit_rate": 0.4,
        "budget": 0.01,
        "breached": True,
        "expected_wrong_rate": 0.012,
        "measured_wrong_rate": {"rate": 0.002, "low": 0.001, "high": 0.01, "checks": 40},
        "labels": {"misses_agreed": 1000, "misses_differed": 200, "checks_right": 34},
        "at_other_budgets": [{"budget": 0.05, "hit_rate": 0.456, "semantic_hit_rate": 0.3}],
        "spent_on": [],
        "nearest_misses": [
            {
                "stored": "Turn [on] the light",
                "asked": "Turn off the light",
                "reason": "different",
                "similarity": 0.97,
                "probability": 0.3,
                "differences": ["antonym"],
            },
            {
                "stored": "What is up?",
                "asked": "What is down?",
                "reason": "below_threshold",
                "similarity": 0.8,
                "probability": None,
                "differences": [],
            },
        ],
    }
    return {**quiet, **changes}


def test_a_report_on_quality_is_readable(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    risky = {"stored": "Turn it on", "asked": "Switch it on", "reason": "similar", "similarity": 0.9}
    spent = a_namespace(namespace="", spent_on=[{**risky, "probability": 0.97, "differences": []}])
    show_quality({"tenant": "acme", "namespaces": [a_namespace(), spent], "overall": a_namespace(namespace="*")})
    told = " ".join(capsys.readouterr().out.split())

    assert "1,234" in told
    assert "hits at a budget of" in told
    assert "45.6%" in told
    assert "all together" in told
    assert "the budget is spent on" in told

    assert "0.20% (0.10% to 1.00%)" in told
    assert "1.00% exceeded" in told
    assert "just refused in handbook" in told
    assert "Turn [on] the light" in told
    assert "antonym" in told
    assert "below_threshold" in told


class TestKeys:
    def test_a_key_is_shown_once_listed_and_revoked(self, run: Run) -> None:
        created = run("keys", "create", "shop", "--tenant", "acme")

        assert re.fullmatch(r"rb_[\w-]{43}\n", created.stdout)
        assert created.stdout.strip() not in run("keys", "list").stdout
        assert "shop" in run("keys", "list").stdout
        assert "key shop of tenant acme is revoked" in run("keys", "revoke", "shop").stdout

    def test_with_a_key_on_record_nobody_is_served_without(self, run: Run) -> None:
        key = run("keys", "create", "shop").stdout.strip()

        assert "API key is needed" in str(run("ask", QUESTION).exception)
        assert run("ask", QUESTION, "--key", key).exit_code == 0
        run("keys", "revoke", "shop")
        assert "unknown or revoked" in str(run("ask", QUESTION, "--key", key).exception)

    def test_the_list_says_who_may_report(self, run: Run) -> None:
        run("keys", "create", "crawler", "--no-reports")
        run("keys", "create", "shop")

        rows = [row for row in run("keys", "list").stdout.splitlines() if "crawler" in row or "shop" in row]
        assert [re.findall(r"\byes\b|\bno\b", row) for row in rows] == [["no"], ["yes"]]

    def test_names_are_never_used_twice(self, run: Run) -> None:
        run("keys", "create", "shop")
        run("keys", "revoke", "shop")

        assert isinstance(run("keys", "create", "shop").exception, Malformed)

    @pytest.mark.parametrize("name", ["", "a b", "-a", "x" * 65])
    def test_bad_names_are_refused(self, run: Run, name: str) -> None:
        assert isinstance(run("keys", "create", "--", name).exception, Malformed)

    def test_an_unknown_key_cannot_be_revoked(self, run: Run) -> None:
        assert isinstance(run("keys", "revoke", "shop").exception, Absent)


class TestServe:
    def test_production_refuses_to_start_without_a_key(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RAGBOOST_ENVIRONMENT", "production")

        assert "ragboost keys create" in str(run("serve", "--port", "0").exception)

    def test_so_does_an_address_that_others_reach(self, run: Run) -> None:
        assert "0.0.0.0, which others can reach" in str(run("serve", "--host", "0.0.0.0", "--port", "0").exception)

    def test_a_port_in_use_is_named(self, run: Run) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            assert f"127.0.0.1:{port}" in str(run("serve", "--port", str(port)).exception)


class TestWhatBreaksAtTheStart:
    """One sentence, which names the file and the remedy."""

    COMMANDS = (("ask", QUESTION), ("cache", "stats"), ("keys", "list"), ("serve", "--port", "0"))

    @pytest.mark.parametrize("command", COMMANDS)
    @pytest.mark.usefixtures("run")
    def test_a_data_folder_that_is_a_file(self, main: Main, tmp_path: Path, command: tuple[str, ...]) -> None:
        (tmp_path / "data").touch()

        _check_sentence(main(*command), tmp_path / "data")

    @pytest.mark.parametrize("command", COMMANDS)
    @pytest.mark.usefixtures("run")
    def test_records_that_are_damaged(self, main: Main, tmp_path: Path, command: tuple[str, ...]) -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data/records.db").write_bytes(b"this is no database" * 100)

        _check_sentence(main(*command), tmp_path / "data/records.db")

    @pytest.mark.parametrize("command", [("ask", QUESTION), ("cache", "stats")])
    @pytest.mark.usefixtures("run")
    def test_answers_that_cannot_be_opened(self, main: Main, tmp_path: Path, command: tuple[str, ...]) -> None:
        (tmp_path / "data/answers.db").mkdir(parents=True)

        _check_sentence(main(*command), tmp_path / "data/answers.db")


class TestMain:
    def test_every_command_is_listed_and_others_are_refused(self, run: Run) -> None:
        listed = run("--help").stdout

        assert all(command in listed for command in ("ask", "cache", "keys", "models", "serve"))
        assert "No such command" in run("sing").stderr

    def test_errors_are_sentences(self, run: Run, main: Main) -> None:
        assert run("keys", "list").exit_code == 0

        assert main("keys", "revoke", "nobody") == (
            1,
            "ragboost: there is no key called 'nobody'; `ragboost keys list` shows all\n",
        )

    def test_every_problem_of_the_configuration_is_told(
        self, run: Run, main: Main, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert run("keys", "list").exit_code == 0
        monkeypatch.setenv("RAGBOOST_PORT", "x")
        monkeypatch.setenv("RAGBOOST_HOTS", "y")

        status, told = main("keys", "list")

        assert status == 2
        assert "RAGBOOST_PORT" in told
        assert "did you mean RAGBOOST_HOST" in told


@contextmanager
def saying(page: bytes, status: int) -> Iterator[str]:
    """Serve *page* whatever is asked, and give the address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _check_sentence(ended: tuple[int, str], file: Path) -> None:
    status, told = ended
    assert status == 1
    assert told.startswith("ragboost: ")
    assert str(file) in told
    assert "RAGBOOST_DATA_FOLDER" in told
    assert told.count("\n") == 1


def _model(run: Run) -> str:
    return str(json.loads(run("ask", QUESTION, "--json").stdout)["model"])
