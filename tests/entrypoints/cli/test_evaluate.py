"""What memory would do for given questions, on made-up files; nothing else is touched."""

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from entrypoints.cli.charts import Chart as Drawing
from entrypoints.cli.charts import ChartUnwritable, Kind, Point
from entrypoints.cli.charts import write as draw
from entrypoints.cli.labelled_files import FileUnusable, read_log, read_pairs, read_stream
from tests.entrypoints.cli.conftest import Main, Run

PNG = b"\x89PNG\r\n\x1a\n"

STREAM = [
    {"text": "How do I pay my bill?", "answer_id": "pay"},
    {"text": "Who bakes the bread of this town?", "answer_id": 7},
    {"text": "How do I pay my bill?", "answer_id": "pay"},
    {"text": "How do I pay my bills?", "answer_id": "pay"},
]
PAIRS = [
    {"a": "How do I pay my bill?", "b": "How do I pay my bills?", "same": 1},
    {"a": "How do I pay my bill?", "b": "Who bakes the bread of this town?", "same": False},
]
LOG = [
    {"query": "How do I pay?", "response": "By card.", "prompt_tokens": 7, "completion_tokens": 3, "latency": 0.2},
    {"query": "How do I pay?", "response": "By card.", "prompt_tokens": 7, "completion_tokens": 3, "model": None},
    {"query": "How do I pay?", "response": "In cash.", "prompt_tokens": 20, "model": "another", "provider": "shop"},
    {"query": "Who bakes the bread?"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


class Page(HTMLParser):
    """Keeps the tags of a page, and all that a browser would fetch for it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value for name, value in attrs if name in {"src", "href", "srcset", "data"}]


def a_file(folder: Path, rows: list[dict[str, object]], name: str = "file.jsonl") -> str:
    lines = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    (folder / name).write_bytes(gzip.compress(lines) if name.endswith(".gz") else lines)
    return str(folder / name)


class TestStream:
    def test_it_tells_what_each_policy_would_do(self, run: Run, folder: Path) -> None:
        result = run("evaluate", "stream", a_file(folder, STREAM))

        assert result.exit_code == 0, result.exception
        assert "file.jsonl: 4 requests" in result.stdout
        assert re.search(r"budget 1 % \* +\d+\.\d%", result.stdout)
        assert re.search(r"cosine 0\.95 +\d+\.\d%", result.stdout)
        assert "A memory that knew all labels would answer 50.0%" in result.stdout

    def test_as_json_it_tells_all_that_was_counted(self, run: Run, folder: Path) -> None:
        told = json.loads(run("evaluate", "stream", a_file(folder, STREAM, "file.jsonl.gz"), "--json").stdout)

        assert (told["file"], told["kind"], told["requests"]) == ("file.jsonl.gz", "stream", 4)
        assert told["possible_hit_rate"] == 0.5
        assert [each.get("budget", each.get("threshold")) for each in told["policies"]] == [
            *(0.0025, 0.005, 0.01, 0.02, 0.05, 0.85, 0.95)
        ]
        (configured,) = (each for each in told["policies"] if each["configured"])
        assert (configured["policy"], configured["budget"]) == ("verified", 0.01)
        assert configured["exact_hits"] == 1
        assert configured["wrong_rate"]["rate"] == 0.0
        assert configured["model_calls"] == 4 - configured["exact_hits"] - configured["semantic_hits"]

    def test_the_first_lines_may_be_enough(self, run: Run, folder: Path) -> None:
        told = json.loads(run("evaluate", "stream", a_file(folder, STREAM), "--json", "--limit", "2").stdout)

        assert told["requests"] == 2

    def test_settings_say_what_is_configured(self, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RAGBOOST_SEMANTIC_POLICY", "threshold")
        monkeypatch.setenv("RAGBOOST_SEMANTIC_THRESHOLD", "0.5")
        told = json.loads(run("evaluate", "stream", a_file(folder, STREAM), "--json").stdout)

        assert told["policies"][-1]["threshold"] == 0.5
        assert told["policies"][-1]["semantic_hits"] == 1
        assert [each["configured"] for each in told["policies"]] == [False] * 7 + [True]

    def test_a_memory_that_is_not_switched_on_yet_is_evaluated_all_the_same(
        self, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RAGBOOST_SEMANTIC_ENABLED", "false")
        monkeypatch.setenv("RAGBOOST_SEMANTIC_POLICY", "threshold")
        monkeypatch.setenv("RAGBOOST_SEMANTIC_THRESHOLD", "0.5")
        told = json.loads(run("evaluate", "stream", a_file(folder, STREAM), "--json").stdout)

        assert told["policies"][-1]["semantic_hits"] == 1

    def test_the_same_file_is_told_the_same_each_time(self, run: Run, folder: Path) -> None:
        file = a_file(folder, STREAM)

        assert run("evaluate", "stream", file, "--json").stdout == run("evaluate", "stream", file, "--json").stdout

    def test_the_data_folder_is_left_alone(self, run: Run, folder: Path) -> None:
        run("evaluate", "stream", a_file(folder, STREAM))

        assert not (folder / "data").exists()

    def test_nothing_but_the_result_is_printed_where_nobody_watches(self, run: Run, folder: Path) -> None:
        assert not run("evaluate", "stream", a_file(folder, STREAM)).stderr


class TestPairs:
    def test_it_tells_the_shares_accepted(self, run: Run, folder: Path) -> None:
        result = run("evaluate", "pairs", a_file(folder, PAIRS))

        assert result.exit_code == 0, result.exception
        assert "file.jsonl: 2 pairs, AUC 1.000" in result.stdout
        assert re.search(r"verdict \* +\d+\.\d%", result.stdout)
        assert re.search(r"cosine 0\.85 +100\.0%.* 0\.0%.* 100\.0%", result.stdout)
        assert "up to 5%" in result.stdout

    def test_where_nothing_is_accepted_no_precision_is_told(self, run: Run, folder: Path) -> None:
        told = run("evaluate", "pairs", a_file(folder, PAIRS[1:])).stdout

        assert re.search(r"cosine 0\.85.*0\.00 to \S+ *$", told, re.MULTILINE)

    def test_as_json_it_tells_the_curve_too(self, run: Run, folder: Path) -> None:
        told = json.loads(run("evaluate", "pairs", a_file(folder, PAIRS), "--json").stdout)

        assert (told["kind"], told["pairs"], told["auc"]) == ("pairs", 2, 1.0)
        assert told["same_at_different"][0] == {"different": 0.01, "same": 1.0}
        assert [each["same"]["rate"] for each in told["curve"]] == [1.0, 1.0]
        assert [each["by"] for each in told["anchors"]] == ["cosine 0.85", "cosine 0.95"]
        assert told["shipped"]["different"]["rate"] == 0.0


class TestLog:
    def test_it_tells_what_would_be_saved(self, run: Run, folder: Path) -> None:
        told = json.loads(run("evaluate", "log", a_file(folder, LOG), "--json").stdout)

        assert (told["requests"], told["requests_with_answers"], told["tokens"]) == (4, 3, 40)
        configured = told["policies"][2]
        assert (configured["exact_hits"], configured["model_calls"]) == (1, 3)
        assert configured["tokens_saved"] == 0.25
        assert configured["net_hit_rate"] == 0.25

    def test_people_get_a_column_for_tokens_if_somebody_counted_them(self, run: Run, folder: Path) -> None:
        assert "Tokens: the share" in run("evaluate", "log", a_file(folder, LOG)).stdout
        assert "Tokens: the share" not in run("evaluate", "log", a_file(folder, LOG[3:])).stdout

    def test_without_responses_it_says_what_the_figures_rest_on(self, run: Run, folder: Path) -> None:
        told = run("evaluate", "log", a_file(folder, [{"query": "How do I pay?"}])).stdout

        assert "wrong is what the shipped prior expects" in " ".join(told.split())

    def test_hits_that_could_not_be_judged_are_explained(
        self, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RAGBOOST_SEMANTIC_POLICY", "threshold")
        monkeypatch.setenv("RAGBOOST_SEMANTIC_THRESHOLD", "0.3")
        rows = [{"query": "How do I pay my bill?", "response": "By card."}, {"query": "How do I pay my bills?"}]
        told = run("evaluate", "log", a_file(folder, rows)).stdout

        assert "from all of them right to all of them wrong" in " ".join(told.split())

    def test_80_columns_show_all_of_it(self, run: Run, folder: Path) -> None:
        assert "…" not in run("evaluate", "log", a_file(folder, LOG), env={"COLUMNS": "80"}).stdout


class TestCharts:
    @pytest.mark.parametrize(("kind", "rows"), [("stream", STREAM), ("pairs", PAIRS), ("log", LOG)])
    def test_a_name_gets_a_picture_and_a_page(
        self, run: Run, folder: Path, kind: str, rows: list[dict[str, object]]
    ) -> None:
        result = run("evaluate", kind, a_file(folder, rows), "--chart", str(folder / "chart.v1"))

        assert result.exit_code == 0, result.exception
        assert (folder / "chart.v1.png").read_bytes().startswith(PNG)
        assert "cosine 0.85" in (folder / "chart.v1.html").read_text(encoding="utf-8")

    def test_a_page_needs_no_network(self, run: Run, folder: Path) -> None:
        run("evaluate", "stream", a_file(folder, STREAM), "--chart", str(folder / "chart.html"))
        page = Page()
        page.feed((folder / "chart.html").read_text(encoding="utf-8"))

        assert page.tags[0] == "html"
        assert page.tags.count("script") > 0
        assert page.fetched == []
        assert not (folder / "chart.png").exists()

    def test_several_files_may_be_named(self, run: Run, folder: Path) -> None:
        names = [str(folder / name) for name in ("one.svg", "two.png")]
        run("evaluate", "pairs", a_file(folder, PAIRS), "--chart", names[0], "--chart", names[1])

        assert "<svg" in Path(names[0]).read_text(encoding="utf-8")
        assert Path(names[1]).read_bytes().startswith(PNG)

    def test_that_there_is_no_folder_is_told_before_the_work(self, main: Main, folder: Path) -> None:
        code, told = main("evaluate", "pairs", a_file(folder, PAIRS), "--chart", str(folder / "none" / "chart"))

        assert code == 2
        assert f"there is no folder {folder / 'none'}" in " ".join(told.split())

    def test_a_chart_that_cannot_be_written_is_told_in_a_sentence(self, folder: Path) -> None:
        (folder / "chart.png").mkdir()
        point = Point("here", Kind.CHOSEN, 0.1, 0.2, 0.1, 0.1)

        with pytest.raises(ChartUnwritable, match=r"chart\.png cannot be written"):
            draw(Drawing("title", "across", "up", [point], [point]), folder / "chart.png")


class TestFiles:
    @pytest.mark.parametrize(
        ("line", "blamed"),
        [
            ('{"text": "a"', "no JSON: Input data was truncated"),
            ('{"text": "a"}', "missing required field `answer_id`"),
            ('{"text": 7, "answer_id": "1"}', "text: Expected `str`, got `int`"),
            ('{"text": "a", "answer_id": 1.5}', "answer_id: Expected `int | str`, got `float`"),
            ('{"text": "  ", "answer_id": "1"}', "text: must not be blank"),
            ('["a", "1"]', "Expected `object`, got `array`"),
            ('{"text": "\udcff", "answer_id": "1"}', "no UTF-8: invalid start byte"),
        ],
    )
    def test_the_line_and_the_field_are_named_with_the_remedy(self, folder: Path, line: str, blamed: str) -> None:
        file = folder / "file.jsonl"
        file.write_bytes(f'{{"text": "a", "answer_id": "1"}}\n{line}\n'.encode("utf-8", "surrogateescape"))

        with pytest.raises(FileUnusable) as caught:
            read_stream(file)
        assert f"{file}, line 2: " in str(caught.value)
        assert blamed.lower() in str(caught.value).lower()
        assert str(caught.value).endswith('; each line is a JSON object with "text", "answer_id"')

    @pytest.mark.parametrize("row", [{"same": 2}, {"same": "yes"}, {"b": ""}, {"a": None}])
    def test_pairs_have_two_questions_and_say_yes_or_no(self, folder: Path, row: dict[str, object]) -> None:
        file = Path(a_file(folder, [{**PAIRS[0], **row}]))

        with pytest.raises(FileUnusable, match=f'line 1: {next(iter(row))}: .*; each line .* "a", "b", "same"'):
            read_pairs(file)

    def test_what_may_be_in_a_log_is_told_too(self, folder: Path) -> None:
        file = Path(a_file(folder, [{"query": "a", "prompt_tokens": -1}]))

        with pytest.raises(FileUnusable, match=r'prompt_tokens: .* >= 0; .* with "query", and maybe "response", '):
            read_log(file)

    @pytest.mark.parametrize("content", [b"", b"\n \n"])
    def test_an_empty_file_says_what_should_be_in_it(self, folder: Path, content: bytes) -> None:
        (folder / "file.jsonl").write_bytes(content)

        with pytest.raises(FileUnusable, match=r'file\.jsonl is empty; each line is a JSON object with "text"'):
            read_stream(folder / "file.jsonl")

    def test_a_name_that_promises_gzip_is_held_to_it(self, folder: Path) -> None:
        (folder / "file.jsonl.gz").write_bytes(b'{"query": "a"}')

        with pytest.raises(FileUnusable, match=r"is not compressed by gzip, as its name says; rename it"):
            read_log(folder / "file.jsonl.gz")

    def test_a_compressed_file_may_have_any_name(self, folder: Path) -> None:
        (folder / "file").write_bytes(gzip.compress(b'{"query": "a"}'))

        assert [each.text for each in read_log(folder / "file").requests] == ["a"]

    @pytest.mark.parametrize("damage", [lambda value: value[:-12], lambda value: value[:30] + b"\0" * 40 + value[70:]])
    def test_a_damaged_file_is_named(self, folder: Path, damage: object) -> None:
        value = gzip.compress(b"".join(b'{"query": "%d"}\n' % number for number in range(99)))
        (folder / "file.gz").write_bytes(damage(value))  # type: ignore[operator] # one of the two above

        with pytest.raises(FileUnusable, match=r"file\.gz is damaged, or was cut short"):
            read_log(folder / "file.gz")

    def test_blank_lines_and_a_byte_order_mark_are_passed_over(self, folder: Path) -> None:
        (folder / "file").write_bytes(b'\xef\xbb\xbf{"query": "a"}\r\n\r\n{"query": "b"}')

        assert [each.text for each in read_log(folder / "file").requests] == ["a", "b"]

    def test_a_file_that_cannot_be_read_is_named(self, folder: Path) -> None:
        with pytest.raises(FileUnusable, match=f"{folder} cannot be read: "):
            read_log(folder)

    def test_on_the_command_line_it_is_one_sentence(self, main: Main, folder: Path) -> None:
        code, told = main("evaluate", "log", a_file(folder, [{"question": "a"}]))

        assert code == 1
        assert told.startswith("ragboost: ")
        assert told.count("\n") == 1
