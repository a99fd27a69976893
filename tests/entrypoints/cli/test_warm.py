"""ragboost cache warm: a file of answers and questions, and what may be wrong with it."""

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from entrypoints.cli.client import ServiceRefused
from entrypoints.cli.line_files import FileUnusable
from entrypoints.cli.warm import LinesUnused
from tests.entrypoints.cli.conftest import Main, Run
from tests.entrypoints.http.running import PATIENCE, Process, running
from tests.upstream import ScriptedUpstream, openai_answer, openai_failure

INSTALL = {"query": "How do I install RAGBoost?", "answer": "Type make serve.", "tags": ["faq"]}
COMMAND = [sys.executable, "-c", "from entrypoints.cli.main import main; main()"]
NOTHING_KNOWN = "xyzzy plugh quux?"

Warm = Callable[..., Result]


def written(*lines: object) -> str:
    """Write each line as JSON, and texts as they are."""
    return "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines)


def numbered(count: int) -> str:
    return written(*({"query": f"Question {each}?", "answer": f"Answer {each}."} for each in range(count)))


@pytest.fixture
def warm(run: Run, tmp_path: Path) -> Warm:
    """Run the command on a file of this content."""

    def warm(content: str | bytes, *options: str, name: str = "warm.jsonl") -> Result:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return run("cache", "warm", str(file), *options)

    return warm


def answer(run: Run, question: str, *options: str) -> dict[str, object]:
    told = json.loads(run("ask", question, "--json", *options).stdout)
    return {"text": told["response"], **told["cache_info"]}


class TestAnswers:
    def test_they_are_served_to_whoever_asks(self, warm: Warm, run: Run) -> None:
        result = warm(written(INSTALL, {"query": "What is a hit?", "response": "An answer from memory."}))

        assert (result.exit_code, result.stdout) == (0, "2 answers remembered\n")
        assert answer(run, INSTALL["query"])["text"] == "Type make serve."  # type: ignore[arg-type]
        assert answer(run, "What is a hit?")["reason"] == "same_question"

    def test_another_run_passes_over_what_is_remembered(self, warm: Warm, run: Run) -> None:
        warm(written(INSTALL))

        result = warm(written(INSTALL, {"query": "What is a hit?", "answer": "An answer from memory."}))

        assert (result.exit_code, result.stdout) == (0, "1 answers remembered, 1 known already\n")

    def test_another_answer_is_replaced_only_where_that_is_wanted(self, warm: Warm, run: Run) -> None:
        warm(written(INSTALL))
        other = written({**INSTALL, "answer": "Ask your administrator."})

        assert warm(other).stdout == "1 left, for another answer is remembered (--replace takes yours)\n"
        assert answer(run, str(INSTALL["query"]))["text"] == "Type make serve."
        assert warm(other, "--replace").stdout == "1 replaced\n"
        assert answer(run, str(INSTALL["query"]))["text"] == "Ask your administrator."

    def test_what_lines_leave_open_may_be_said_for_all(self, warm: Warm, run: Run) -> None:
        options = ("--namespace", "handbook", "--ttl", "86400", "--tag", "a", "--tag", "b", "--provider", "extractive")
        warm(written(INSTALL, {"query": "What is a hit?", "answer": "An answer."}), *options)

        known = answer(run, "What is a hit?", "--namespace", "handbook")
        entry = json.loads(run("cache", "show", str(known["entry_id"])).stdout)
        assert (entry["namespace"], entry["tags"], entry["ttl_seconds"]) == ("handbook", ["a", "b"], 86_400)
        other = answer(run, str(INSTALL["query"]), "--namespace", "handbook")["entry_id"]
        assert json.loads(run("cache", "show", str(other)).stdout)["tags"] == ["faq"]

    def test_thousands_are_given_in_portions(self, warm: Warm, run: Run) -> None:
        assert warm(numbered(1000)).stdout == "1,000 answers remembered\n"
        assert answer(run, "Question 777?")["text"] == "Answer 777."

    def test_conversations_and_parameters_are_part_of_the_question(self, warm: Warm, run: Run) -> None:
        turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What?"}]

        assert warm(written({"messages": turns, "temperature": 0, "answer": "That."})).exit_code == 0
        assert "1 answers" in run("cache", "stats").stdout


class TestQuestions:
    def test_they_are_asked_and_the_models_answer_is_remembered(self, warm: Warm, run: Run) -> None:
        result = warm(written('"What is a tag?"', {"query": "What is a miss?"}))

        assert (result.exit_code, result.stdout) == (0, "2 questions asked\n")
        assert answer(run, "What is a miss?")["reason"] == "same_question"
        assert warm(written('"What is a tag?"')).stdout == "1 known already\n"

    @pytest.mark.parametrize("content", ["What is a tag?\nWhat is a miss?\n", "\ufeffWhat is a tag?\r\n\r\nIt is?\r\n"])
    def test_a_plain_list_will_do(self, warm: Warm, run: Run, content: str) -> None:
        result = warm(content, name="questions.txt")

        assert "questions asked" in result.stdout
        assert answer(run, "What is a tag?")["cache_hit"]

    def test_an_answer_that_was_not_remembered_is_told(self, warm: Warm) -> None:
        result = warm(written({"query": NOTHING_KNOWN}))

        assert isinstance(result.exception, LinesUnused)
        assert result.stderr == "line 1: its answer is not remembered, for it ended with nothing_known\n"

    def test_a_model_that_fails_once_spoils_one_line(self, warm: Warm, upstream: ScriptedUpstream) -> None:
        upstream.answer(
            lambda request: openai_failure(500) if "two" in request.question else openai_answer("An answer.")
        )

        result = warm(written('"one"', '"two"', '"three"'))

        assert result.stdout == "2 questions asked, 1 not used\n"
        assert "\nline 2: " in result.stderr

    def test_a_model_that_always_fails_is_not_asked_for_ever(self, warm: Warm, upstream: ScriptedUpstream) -> None:
        upstream.answer(lambda _: openai_failure(500))

        result = warm(written(*(f'"question {each}"' for each in range(100))))

        assert isinstance(result.exception, ServiceRefused)
        assert "20 questions in a row got no answer" in str(result.exception)
        assert "run it again" in str(result.exception)
        assert 5 <= len(upstream.requests) < 30  # the breaker spares it most of them


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as upstream:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{upstream.url}/v1")
        monkeypatch.setenv("RAGBOOST_LANGUAGE_MODEL_RETRIES", "0")
        yield upstream


class TestBrokenLines:
    BROKEN = (
        ('{"query": "cut', "no JSON: Input data was truncated; each line is {"),
        ('{"query": "a", "answer": "b"}, ', "no JSON: "),
        ("a plain question", "no JSON: "),
        ("[1, 2]", "is no JSON object; each line is {"),
        ("7", "is no JSON object"),
        ('{"query": "a", "answer": "b", "response": "b"}', "answer: is the same as response; send one of them"),
        ('{"query": " ", "answer": "b"}', "query: must not be blank"),
        ('{"query": "a", "answer": ""}', "answer: must not be blank"),
        ('{"query": "a", "answer": null}', "answer: Expected `str`, got `null`"),
        ('{"answer": "b"}', "query: is required"),
        ("{}", "query: is required"),
        ('{"query": "a", "answering": "b"}', "answering: is not a field of this request; "),
        ('{"query": "a", "answer": "b", "tgas": []}', "did you mean 'tags'?"),
        ('{"query": "a", "provider": "opnai"}', "did you mean 'openai'?"),
        ('{"query": "\\ud800", "answer": "b"}', "no JSON: "),
    )

    @pytest.mark.parametrize(("line", "remedy"), BROKEN)
    def test_each_is_told_with_its_number_and_the_remedy_and_the_rest_is_done(
        self, warm: Warm, run: Run, upstream: ScriptedUpstream, line: str, remedy: str
    ) -> None:
        result = warm(written(INSTALL, "", line, {"query": "And then?", "answer": "Nothing."}))

        assert isinstance(result.exception, LinesUnused)
        assert result.stdout == "2 answers remembered, 1 not used\n"
        assert result.stderr.startswith("line 3: ")
        assert remedy in result.stderr
        assert answer(run, "And then?")["text"] == "Nothing."
        assert not upstream.requests

    def test_the_shell_is_told_too(self, warm: Warm, main: Main, tmp_path: Path) -> None:
        warm(written(INSTALL, '{"query": 7}'))

        status, told = main("cache", "warm", str(tmp_path / "warm.jsonl"))

        assert status == 1
        assert told.endswith("1 lines of {}/warm.jsonl were not used; mend them and {}\n".format(
            tmp_path, "run it again: what is remembered is passed over"
        ))  # fmt: skip

    def test_very_many_are_only_counted(self, warm: Warm) -> None:
        result = warm(written(INSTALL, *["{"] * 300))

        assert result.stdout == "1 answers remembered, 300 not used\n"
        assert result.stderr.count("\n") == 101
        assert result.stderr.endswith("there are more lines that cannot be used; they are only counted\n")

    @pytest.mark.parametrize(
        ("line", "trouble"),
        [
            ('{"query": "a"}', "looks like JSON among plain questions"),
            ("[", "looks like JSON among plain questions"),
            (b"Wie geht das? \xe4", "no UTF-8: "),
        ],
    )
    def test_a_plain_list_has_broken_lines_too(self, warm: Warm, line: str | bytes, trouble: str) -> None:
        content = b"What is a tag?\n" + (line.encode() if isinstance(line, str) else line) + b"\n"

        result = warm(content, name="questions.txt")

        assert result.stdout == "1 questions asked, 1 not used\n"
        assert result.stderr.startswith(f"line 2: {trouble}")

    @pytest.mark.parametrize("content", ["", "\n \n\t\n", "\ufeff"])
    def test_a_file_without_lines_is_refused(self, warm: Warm, content: str) -> None:
        result = warm(content)

        assert isinstance(result.exception, FileUnusable)
        assert "is empty; each line is {" in str(result.exception)

    def test_a_file_that_is_not_there_is_named(self, run: Run) -> None:
        result = run("cache", "warm", "nowhere.jsonl")

        assert result.exit_code == 2
        assert "nowhere.jsonl" in result.stderr


class TestPackedFiles:
    def test_a_packed_file_is_read_as_it_is(self, warm: Warm) -> None:
        assert warm(gzip.compress(numbered(300).encode()), name="warm.jsonl.gz").stdout == "300 answers remembered\n"

    def test_of_one_that_was_cut_short_what_is_sound_is_used(self, warm: Warm) -> None:
        packed = gzip.compress(numbered(20_000).encode(), mtime=0)

        result = warm(packed[: len(packed) // 2], name="warm.jsonl.gz")

        assert isinstance(result.exception, FileUnusable)
        assert "is damaged, or was cut short" in str(result.exception)
        remembered = int(result.stdout.split()[0].replace(",", ""))
        assert 8_000 < remembered < 12_000


class TestLimits:
    def test_a_service_that_reads_little_at_once_is_given_little(
        self, warm: Warm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RAGBOOST_MAX_BODY_BYTES", "1000")

        assert warm(numbered(200)).stdout == "200 answers remembered\n"

    def test_a_line_longer_than_that_is_told(self, warm: Warm, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RAGBOOST_MAX_BODY_BYTES", "1000")

        result = warm(written(INSTALL, {"query": "Why?", "answer": "x" * 1000}, {"query": "y" * 1000}))

        assert result.stdout == "1 answers remembered, 2 not used\n"
        assert "line 2: is longer than the service reads; its RAGBOOST_MAX_BODY_BYTES may allow more\n" in result.stderr
        assert "line 3: " in result.stderr

    def test_long_answers_are_given_few_at_once(self, warm: Warm) -> None:
        lines = [{"query": f"Question {each}?", "answer": "long " * 20_000} for each in range(20)]

        assert warm(written(*lines)).stdout == "20 answers remembered\n"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Process]:
    with running(tmp_path) as service:
        yield service


class TestARunningService:
    def test_it_is_warmed_up_by_its_address(self, service: Process, warm: Warm) -> None:
        url = str(service.client.base_url)

        assert warm(written(INSTALL), "--url", url).stdout == "1 answers remembered\n"
        assert service.post("/api/v1/query", {"query": INSTALL["query"]}).json()["response"] == "Type make serve."

    def test_without_a_good_key_nothing_is_done(self, service: Process, warm: Warm) -> None:
        result = warm(written(INSTALL), "--url", str(service.client.base_url), "--key", "rb_wrong")

        assert isinstance(result.exception, ServiceRefused)
        assert "unknown or revoked" in str(result.exception)
        assert result.stdout == "nothing was done\n"

    def test_one_that_is_not_there_is_named(self, warm: Warm) -> None:
        result = warm(written(INSTALL), "--url", "http://127.0.0.1:9")

        assert isinstance(result.exception, ServiceRefused)
        assert "http://127.0.0.1:9" in str(result.exception)

    def test_one_that_goes_away_is_gone_on_with_later(self, service: Process, warm: Warm, tmp_path: Path) -> None:
        url = str(service.client.base_url)
        file = tmp_path / "big.jsonl"
        file.write_text(numbered(100_000))
        warming = subprocess.Popen(  # noqa: S603 - our own interpreter and command
            [*COMMAND, "cache", "warm", str(file), "--url", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        wait_until(lambda: stats(service) > 0)
        service.process.terminate()
        told, trouble = warming.communicate(timeout=PATIENCE)

        assert warming.returncode == 1
        assert b"answers remembered" in told
        assert trouble.endswith(b"; run it again: what is remembered is passed over\n")


def test_a_run_that_was_killed_is_gone_on_with(run: Run, warm: Warm, tmp_path: Path) -> None:
    warm(written(INSTALL))
    file = tmp_path / "big.jsonl"
    file.write_text(numbered(5_000))
    warming = subprocess.Popen([*COMMAND, "cache", "warm", str(file)])  # noqa: S603 - our own interpreter and command
    journal = tmp_path / "data/answers.db-wal"
    wait_until(lambda: journal.exists() and journal.stat().st_size > 500_000)
    warming.kill()
    warming.wait(PATIENCE)
    count = int(run("cache", "stats").stdout.split()[0].replace(",", ""))

    told = run("cache", "warm", str(file)).stdout

    assert 1 < count < 5_001
    assert told == f"{5_001 - count:,} answers remembered, {count - 1:,} known already\n"


def stats(service: Process) -> int:
    return int(service.client.get("/api/v1/cache/stats").json()["entries"])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.005)
