import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from domain.pricing import Price, Rate
from entrypoints.configuration_page import WRITERS
from entrypoints.settings import Settings
from entrypoints.settings_loading import SettingsInvalid, load_settings
from entrypoints.variables import VARIABLES

ROOT = Path(__file__).parents[2]


def problems(environ: dict[str, str], folder: Path) -> list[str]:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(environ, folder)
    return list(caught.value.problems)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


class TestSources:
    def test_without_any_source_the_defaults_hold(self, tmp_path: Path) -> None:
        settings = load_settings({}, tmp_path)

        assert settings == Settings()
        assert (settings.host, settings.port) == ("127.0.0.1", 8000)
        assert settings.answer_cache.ttl == 3600

    def test_the_environment_goes_before_dotenv_before_toml_before_defaults(self, tmp_path: Path) -> None:
        write(tmp_path, "ragboost.toml", "[answer_cache]\nttl = 1\ngrace = 1\nhot_mb = 1")
        write(tmp_path, ".env", "RAGBOOST_ANSWER_CACHE_TTL=2\nRAGBOOST_ANSWER_CACHE_GRACE=2")

        cache = load_settings({"RAGBOOST_ANSWER_CACHE_TTL": "3"}, tmp_path).answer_cache

        assert (cache.ttl, cache.grace, cache.hot_mb, cache.stale_if_error) == (3, 2, 1, 86400)

    def test_the_usual_names_are_understood(self, tmp_path: Path) -> None:
        settings = load_settings(
            {
                "LOG_LEVEL": "DEBUG",
                "OPENAI_API_KEY": "sk-1",
                "OPENAI_BASE_URL": "http://localhost:11434/v1",
                "ANTHROPIC_API_KEY": "sk-2",
                "ANTHROPIC_BASE_URL": "https://proxy.example.com",
            },
            tmp_path,
        )

        assert settings.log.level == "debug"
        assert settings.secrets == ("sk-1", "sk-2")
        assert settings.openai.base_url == "http://localhost:11434/v1"
        assert settings.anthropic.base_url == "https://proxy.example.com"

    def test_an_empty_variable_counts_as_not_set(self, tmp_path: Path) -> None:
        write(tmp_path, ".env", "RAGBOOST_PORT=9000\nOPENAI_API_KEY=")

        settings = load_settings({"RAGBOOST_PORT": "", "OPENAI_API_KEY": ""}, tmp_path)

        assert settings.port == 9000
        assert not settings.openai.configured

    def test_foreign_variables_do_not_matter(self, tmp_path: Path) -> None:
        write(tmp_path, ".env", "PORT=1\nPOSTGRES_PASSWORD=x")

        assert load_settings({"HOST": "elsewhere", "PATH": "/bin", "port": "1"}, tmp_path) == Settings()

    def test_dotenv_takes_values_as_they_are_written(self, tmp_path: Path) -> None:
        write(tmp_path, ".env", "# ours\nexport OPENAI_API_KEY='sk-$HOME#1'  # the key\nRAGBOOST_PORT=81 # a port\n")

        settings = load_settings({"HOME": "/root"}, tmp_path)

        assert settings.secrets == ("sk-$HOME#1",)
        assert settings.port == 81

    @pytest.mark.parametrize("source", ["environment", ".env"])
    def test_the_variables_of_the_command_line_are_known_and_are_no_settings(self, tmp_path: Path, source: str) -> None:
        given = {"RAGBOOST_URL": "http://elsewhere", "RAGBOOST_KEY": "rb_1"}
        if source == ".env":
            write(tmp_path, ".env", "".join(f"{name}={value}\n" for name, value in given.items()))

        assert load_settings(given if source == "environment" else {}, tmp_path) == Settings()

    def test_another_toml_file_can_be_named(self, tmp_path: Path) -> None:
        write(tmp_path, "ragboost.toml", "port = 1")
        write(tmp_path, "mine.toml", "port = 2")

        assert load_settings({"RAGBOOST_CONFIG": "mine.toml"}, tmp_path).port == 2

    def test_dotenv_may_name_the_toml_file(self, tmp_path: Path) -> None:
        write(tmp_path, ".env", f"RAGBOOST_CONFIG={write(tmp_path, 'mine.toml', 'port = 2')}")

        assert load_settings({}, tmp_path).port == 2

    def test_toml_may_refer_to_variables(self, tmp_path: Path) -> None:
        write(tmp_path, ".env", "CACHE_SECONDS=7\nPLACE=from-dotenv")
        write(
            tmp_path,
            "ragboost.toml",
            'port = "${PORT:9000}"\nhost = "${PLACE}.${DOMAIN:example.com}"\n'
            '[answer_cache]\nttl = "${CACHE_SECONDS:5}"\n[openai]\nbase_url = "${URL:http://localhost:1/v1}"\n'
            'api_key = "${NO_KEY:}"',
        )

        settings = load_settings({"PLACE": "from-environment", "CACHE_SECONDS": ""}, tmp_path)

        assert settings.port == 9000
        assert settings.host == "from-environment.example.com"
        assert settings.answer_cache.ttl == 7
        assert settings.openai.base_url == "http://localhost:1/v1"
        assert settings.openai.api_key is None

    @pytest.mark.parametrize("source", ["environment", ".env", "toml"])
    def test_keys_may_lie_in_files(self, tmp_path: Path, source: str) -> None:
        path = write(tmp_path, "secret", "sk-from-file\n")
        if source == ".env":
            write(tmp_path, ".env", f"OPENAI_API_KEY_FILE={path}")
        if source == "toml":
            write(tmp_path, "ragboost.toml", '[openai]\napi_key_file = "secret"')

        settings = load_settings({"OPENAI_API_KEY_FILE": "secret"} if source == "environment" else {}, tmp_path)

        assert settings.secrets == ("sk-from-file",)


class TestProblems:
    def test_all_of_them_are_told_at_once_with_name_value_and_what_is_allowed(self, tmp_path: Path) -> None:
        write(tmp_path, "ragboost.toml", "[semantic]\nthreshold = 1.5")
        write(tmp_path, ".env", "LOG_LEVEL=loud")

        assert problems({"RAGBOOST_PORT": "eighty", "RAGBOOST_ANSWER_CACHE_KIND": "etcd"}, tmp_path) == [
            "RAGBOOST_PORT (environment): 'eighty' is not allowed; must be a whole number, at least 0, at most 65535",
            "LOG_LEVEL (.env): 'loud' is not allowed; must be debug, info, warning, error or critical",
            "RAGBOOST_ANSWER_CACHE_KIND (environment): 'etcd' is not allowed; must be sqlite, memory or redis",
            "RAGBOOST_SEMANTIC_THRESHOLD (ragboost.toml): 1.5 is not allowed; must be a number, at least 0, at most 1",
        ]

    def test_they_are_one_line_each_when_printed(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsInvalid) as caught:
            load_settings({"RAGBOOST_PORT": "-1", "LOG_LEVEL": "x\ny"}, tmp_path)

        assert len(str(caught.value).splitlines()) == 2

    @pytest.mark.parametrize(
        ("name", "meant"),
        [
            ("RAGBOOST_PROT", "; did you mean RAGBOOST_PORT?"),
            ("RAGBOOST_ANSWER_CACHE_TLL", "; did you mean RAGBOOST_ANSWER_CACHE_TTL?"),
            ("RAGBOOST_OPENAI_API_KEY", "; did you mean OPENAI_API_KEY?"),
            ("RAGBOOST_CONFIGS", "; did you mean RAGBOOST_CONFIG?"),
            ("RAGBOOST_QQQ", ""),
        ],
    )
    @pytest.mark.parametrize("source", ["environment", ".env"])
    def test_a_variable_that_is_not_known(self, tmp_path: Path, name: str, meant: str, source: str) -> None:
        if source == ".env":
            write(tmp_path, ".env", f"{name}=sk-1234567890")

        told = problems({name: "sk-1234567890"} if source == "environment" else {}, tmp_path)

        assert told == [f"{name} ({source}): is not known{meant}"]

    def test_a_key_of_the_toml_file_that_is_not_known(self, tmp_path: Path) -> None:
        write(tmp_path, "ragboost.toml", 'prot = 1\nlog = "info"\n[answer_cache]\ntll = 3\n[anser_cache]\nttl = 3')

        assert problems({}, tmp_path) == [
            "prot (ragboost.toml): is not known; did you mean port?",
            "log (ragboost.toml): is not known",
            "answer_cache.tll (ragboost.toml): is not known; did you mean answer_cache.ttl?",
            "anser_cache.ttl (ragboost.toml): is not known; did you mean answer_cache.ttl?",
        ]

    def test_a_table_where_a_value_belongs(self, tmp_path: Path) -> None:
        write(tmp_path, "ragboost.toml", "port = {a = 1}\nhost = [1]")

        told = problems({}, tmp_path)

        assert told[0].startswith("port.a (ragboost.toml): is not known")
        assert told[1] == "RAGBOOST_HOST (ragboost.toml): [1] is not allowed; must be a name without spaces"

    def test_a_toml_file_that_is_none(self, tmp_path: Path) -> None:
        write(tmp_path, "ragboost.toml", "port = = 1")

        assert "is not TOML" in problems({}, tmp_path)[0]

    def test_a_named_toml_file_that_is_missing(self, tmp_path: Path) -> None:
        assert "cannot be read: No such file" in problems({"RAGBOOST_CONFIG": "nowhere.toml"}, tmp_path)[0]

    def test_a_reference_that_leads_nowhere(self, tmp_path: Path) -> None:
        write(tmp_path, "ragboost.toml", 'host = "${NOWHERE}"')

        assert problems({}, tmp_path) == [
            "host (ragboost.toml): refers to NOWHERE, which is not set, and gives no default"
        ]

    def test_a_line_of_dotenv_that_says_nothing(self, tmp_path: Path) -> None:
        write(tmp_path, ".env", "RAGBOOST_PORT=1\nRAGBOOST_HOST\nRAGBOOST_HOST='open\n")

        assert problems({}, tmp_path) == ["line 2 (.env): must be NAME=value", "line 3 (.env): must be NAME=value"]

    @pytest.mark.parametrize(
        ("content", "told"), [(None, "cannot be read: No such file"), (b"\xff", "is not UTF-8"), (b" \n", "is empty")]
    )
    def test_a_key_file_without_a_key(self, tmp_path: Path, content: bytes | None, told: str) -> None:
        if content is not None:
            (tmp_path / "secret").write_bytes(content)

        assert told in problems({"ANTHROPIC_API_KEY_FILE": "secret"}, tmp_path)[0]

    def test_a_key_and_its_file_at_once(self, tmp_path: Path) -> None:
        write(tmp_path, "secret", "sk-from-file")

        told = problems({"OPENAI_API_KEY": "sk-direct", "OPENAI_API_KEY_FILE": "secret"}, tmp_path)

        assert told == ["OPENAI_API_KEY_FILE (environment): the secret itself is given as well; give one of the two"]

    @pytest.mark.parametrize("provider", ["openai", "Anthropic"])
    def test_a_provider_that_nobody_says_how_to_reach(self, tmp_path: Path, provider: str) -> None:
        name = provider.upper()

        told = problems({"RAGBOOST_LANGUAGE_MODEL_PROVIDER": provider, "RAGBOOST_PORT": "x"}, tmp_path)

        assert f"needs {name}_API_KEY or {name}_BASE_URL" in told[0]
        assert "RAGBOOST_PORT" in told[1]

    def test_an_index_on_a_server_needs_its_address(self, tmp_path: Path) -> None:
        (told,) = problems({"RAGBOOST_VECTOR_INDEX_KIND": "Qdrant"}, tmp_path)

        assert told == "RAGBOOST_VECTOR_INDEX_KIND (environment): 'qdrant' needs QDRANT_URL"
        write(tmp_path, ".env", "QDRANT_URL=http://127.0.0.1:6333")
        assert load_settings({"RAGBOOST_VECTOR_INDEX_KIND": "Qdrant"}, tmp_path).qdrant.url

    def test_answers_in_a_redis_need_its_address(self, tmp_path: Path) -> None:
        (told,) = problems({"RAGBOOST_ANSWER_CACHE_KIND": "redis"}, tmp_path)
        assert told == "RAGBOOST_ANSWER_CACHE_KIND (environment): 'redis' needs REDIS_URL"

    def test_a_password_in_an_address_is_a_secret_of_its_own(self) -> None:
        settings = load_settings({"REDIS_URL": "redis://alice:p%23ss:word@redis:6379/0"}, Path())
        assert settings.secrets == ("redis://alice:p%23ss:word@redis:6379/0", "p#ss:word")
        assert "ss:word" not in repr(settings)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("QDRANT_URL", "127.0.0.1:6333"),
            ("QDRANT_URL", "http://me:hush@host"),
            ("RAGBOOST_QDRANT_COLLECTION", "a/b"),
            ("RAGBOOST_QDRANT_COLLECTION", " "),
            ("RAGBOOST_QDRANT_TIMEOUT", "0"),
            ("RAGBOOST_QDRANT_GRPC_PORT", "0"),
        ],
    )
    def test_what_no_server_can_be_reached_with_is_refused(self, tmp_path: Path, name: str, value: str) -> None:
        (told,) = problems({name: value}, tmp_path)

        assert told.startswith(f"{name} (environment): ")
        assert "hush" not in told

    @pytest.mark.parametrize("value", ["nan", "inf", "-inf", "0,9", "", " "])
    def test_numbers_are_real_numbers(self, tmp_path: Path, value: str) -> None:
        write(tmp_path, "ragboost.toml", f'[semantic]\nthreshold = "{value or "x"}"')

        assert "RAGBOOST_SEMANTIC_THRESHOLD" in problems({}, tmp_path)[0]


class TestSecrets:
    def test_they_are_never_printed(self, tmp_path: Path) -> None:
        settings = load_settings({"OPENAI_API_KEY": "hush-hush", "ANTHROPIC_API_KEY": "hush-hush"}, tmp_path)

        for printed in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
            assert "hush" not in printed

    def test_not_even_where_they_are_wrong(self, tmp_path: Path) -> None:
        write(tmp_path, "ragboost.toml", '[openai]\napi_key = ["hush-hush"]')

        told = problems({"RAGBOOST_PORT": "sk-abcdefgh", "OPENAI_BASE_URL": "https://me:hush-hush@host"}, tmp_path)

        assert "OPENAI_API_KEY (ragboost.toml): [hidden] is not allowed; must be a text" in told
        assert "hush" not in "".join(told)
        assert "sk-abc" not in "".join(told)

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://us:hu@sh/wo:rd@host/db",
            "postgresql://host/db?user=us&password=hush",
            "postgresql+asyncpg://us:hush@host/db",
            "POSTGRESQL://us:hu'sh wo\"rd@host/db",
        ],
    )
    @pytest.mark.parametrize("name", ["RAGBOOST_RECORDS_URL", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"])
    def test_addresses_that_may_hold_a_password_are_shown_by_their_scheme(
        self, tmp_path: Path, name: str, url: str
    ) -> None:
        (told,) = problems({name: url}, tmp_path)

        shown = url.partition("://")[0]
        assert told.startswith(f"{name} (environment): '{shown}://[hidden]' is not allowed; must be ")
        assert not any(piece in told for piece in ("us:", "hu", "sh/", "wo:", "rd@", 'wo"'))

    def test_an_address_without_a_password_is_shown(self, tmp_path: Path) -> None:
        (told,) = problems({"RAGBOOST_RECORDS_URL": "postgresql://host/db"}, tmp_path)

        assert "'postgresql://host/db' is not allowed" in told

    def test_what_holds_an_at_sign_and_is_no_address_is_hidden(self, tmp_path: Path) -> None:
        write(tmp_path, "ragboost.toml", 'host = ["us:hush@host"]')

        told = problems({"RAGBOOST_PORT": "us:hush@host"}, tmp_path)

        assert sorted(line.partition(" is not allowed")[0] for line in told) == [
            "RAGBOOST_HOST (ragboost.toml): [hidden]",
            "RAGBOOST_PORT (environment): [hidden]",
        ]

    def test_nor_by_pydantic(self) -> None:
        with pytest.raises(ValidationError) as caught:
            Settings.model_validate({"openai": {"api_key": ["hush-hush"]}})

        assert "hush" not in str(caught.value)


class TestNamedProviders:
    def test_they_lie_in_tables_of_their_own_or_in_variables(self, tmp_path: Path) -> None:
        write(tmp_path, "key", "gsk-1\n")
        write(
            tmp_path,
            "ragboost.toml",
            '[providers.groq]\nbase_url = "https://api.groq.com/openai/v1"\napi_key_file = "key"\n'
            'models = ["llama-5", "qwen*"]\npriority = 5\n[providers.groq.aliases]\nfast = "llama-5"',
        )
        environ = {
            "RAGBOOST_PROVIDERS__MY_VLLM__BASE_URL": "http://vllm:8000/v1",
            "RAGBOOST_PROVIDERS__MY_VLLM__MODELS": "qwen3, glm*",
            "RAGBOOST_PROVIDERS__MY_VLLM__ALIASES": "fast=qwen3, smart=glm-9",
            "RAGBOOST_PROVIDERS__GROQ__PRIORITY": "200",
        }

        settings = load_settings(environ, tmp_path)

        assert [*settings.named_providers] == ["my_vllm", "groq"]
        groq, vllm = settings.named_providers["groq"], settings.named_providers["my_vllm"]
        assert (groq.kind, groq.model, groq.models, groq.aliases) == (
            "openai", "llama-5", ("llama-5", "qwen*"), {"fast": "llama-5"},
        )  # fmt: skip
        assert (vllm.model, vllm.models, vllm.aliases) == (
            "qwen3",
            ("qwen3", "glm*"),
            {"fast": "qwen3", "smart": "glm-9"},
        )
        assert (settings.secrets, settings.default_provider) == (("gsk-1",), "my_vllm")

    def test_a_key_file_may_be_named_by_a_variable(self, tmp_path: Path) -> None:
        write(tmp_path, "key", "gsk-1\n")
        environ = {"RAGBOOST_PROVIDERS__GROQ__API_KEY_FILE": "key", "RAGBOOST_PROVIDERS__GROQ__MODEL": "llama"}

        assert load_settings(environ, tmp_path).secrets == ("gsk-1",)

    def test_openai_and_anthropic_need_no_table_and_may_have_one(self, tmp_path: Path) -> None:
        environ = {
            "OPENAI_API_KEY": "sk-1",
            "ANTHROPIC_API_KEY": "sk-2",
            "RAGBOOST_PROVIDERS__ANTHROPIC__PRIORITY": "1",
            "RAGBOOST_PROVIDERS__OPENAI__ALIASES": "fast=gpt-6-nano",
        }

        providers = load_settings(environ, tmp_path).named_providers

        assert [*providers] == ["anthropic", "openai"]
        assert (providers["anthropic"].kind, providers["anthropic"].models) == ("anthropic", ("claude*",))
        assert (providers["openai"].models, providers["openai"].aliases) == (("*",), {"fast": "gpt-6-nano"})
        assert providers["openai"].api_key is not None

    @pytest.mark.parametrize(
        ("environ", "told"),
        [
            (
                {"RAGBOOST_PROVIDERS__GROQ__KIND": "grok", "RAGBOOST_PROVIDERS__GROQ__API_KEY": "hush-hush"},
                (
                    "RAGBOOST_PROVIDERS__GROQ__KIND (environment): 'grok' is not allowed; "
                    "must be openai, anthropic or extractive"
                ),
            ),
            (
                {"RAGBOOST_PROVIDERS__GROQ__MODLE": "x"},
                (
                    "RAGBOOST_PROVIDERS__GROQ__MODLE (environment): is not known; did you mean "
                    "RAGBOOST_PROVIDERS__NAME__MODEL?"
                ),
            ),
            (
                {"RAGBOOST_PROVIDERS__GROQ__MODEL": "llama"},
                (
                    "RAGBOOST_PROVIDERS__GROQ__API_KEY or RAGBOOST_PROVIDERS__GROQ__BASE_URL is needed: "
                    "nobody says how to reach groq"
                ),
            ),
            (
                {"RAGBOOST_PROVIDERS__VLLM__BASE_URL": "http://vllm/v1", "RAGBOOST_PROVIDERS__VLLM__MODELS": "glm*"},
                "RAGBOOST_PROVIDERS__VLLM__MODEL is needed: nobody says which model of vllm is asked by default",
            ),
            (
                {"RAGBOOST_LANGUAGE_MODEL_PROVIDER": "groq", "OPENAI_API_KEY": "x"},
                "RAGBOOST_LANGUAGE_MODEL_PROVIDER: 'groq' is not configured; there is openai, extractive",
            ),
        ],
    )
    def test_what_cannot_be_used_is_told(self, tmp_path: Path, environ: dict[str, str], told: str) -> None:
        assert problems(environ, tmp_path) == [told]

    @pytest.mark.parametrize(
        ("table", "told"),
        [
            ('["My Groq"]\nkind = "openai"', "providers.My Groq.kind (ragboost.toml): is not known"),
            ('[groq]\naliases = "fast"\nmodel = "m"\nbase_url = "http://x"', "RAGBOOST_PROVIDERS__GROQ__ALIASES"),
            ('[groq]\naliases = { fast = 1 }\nmodel = "m"\nbase_url = "http://x"', "RAGBOOST_PROVIDERS__GROQ__ALIASES"),
        ],
    )
    def test_what_is_wrong_in_a_table_is_told(self, tmp_path: Path, table: str, told: str) -> None:
        write(tmp_path, "ragboost.toml", table.replace("[", "[providers.", 1))

        assert problems({}, tmp_path)[0].startswith(told)

    def test_the_offline_model_needs_nothing(self, tmp_path: Path) -> None:
        settings = load_settings({"RAGBOOST_PROVIDERS__EXTRACTIVE__PRIORITY": "1"}, tmp_path)

        assert settings.default_provider == "extractive"


class TestMeaning:
    @pytest.mark.parametrize(
        ("environ", "provider"),
        [
            ({}, "extractive"),
            ({"OPENAI_API_KEY": "x"}, "openai"),
            ({"OPENAI_BASE_URL": "http://localhost:11434/v1"}, "openai"),
            ({"ANTHROPIC_API_KEY": "x"}, "anthropic"),
            ({"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x"}, "openai"),
            ({"OPENAI_API_KEY": "x", "RAGBOOST_LANGUAGE_MODEL_PROVIDER": "extractive"}, "extractive"),
            (
                {"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x", "RAGBOOST_LANGUAGE_MODEL_PROVIDER": "Anthropic"},
                "anthropic",
            ),
        ],
    )
    def test_the_provider_is_the_named_one_or_the_first_that_can_be_asked(
        self, tmp_path: Path, environ: dict[str, str], provider: str
    ) -> None:
        assert load_settings(environ, tmp_path).default_provider == provider

    def test_what_lies_in_the_data_folder_follows_it(self, tmp_path: Path) -> None:
        settings = load_settings({"RAGBOOST_DATA_FOLDER": "/var/lib/ragboost"}, tmp_path)

        assert settings.models_folder == Path("/var/lib/ragboost/models")
        assert settings.records_url == "sqlite+aiosqlite:////var/lib/ragboost/records.db"

    def test_it_can_be_put_elsewhere(self, tmp_path: Path) -> None:
        settings = load_settings({"RAGBOOST_MODELS_FOLDER": "/models"}, tmp_path)

        assert settings.models_folder == Path("/models")

    def test_nothing_can_be_changed_afterwards(self) -> None:
        settings = Settings()

        with pytest.raises(ValidationError, match="frozen"):
            settings.port = 1
        with pytest.raises(ValidationError, match="frozen"):
            settings.answer_cache.ttl = 1


class TestDocumentation:
    @pytest.mark.parametrize("name", WRITERS)
    def test_what_is_written_about_the_settings_is_current(self, name: str) -> None:
        assert (ROOT / name).read_text(encoding="utf-8") == WRITERS[name](), (
            "run: python -m entrypoints.configuration_page"
        )

    @pytest.mark.parametrize("name", VARIABLES)
    def test_every_setting_is_explained(self, name: str) -> None:
        variable = VARIABLES[name]

        assert variable.description.endswith(".")
        assert variable.allowed
        for write in WRITERS.values():
            assert variable.description in write()

    def test_the_examples_say_the_defaults(self, tmp_path: Path) -> None:
        for name, sign in ((".env", "A-Z_0-9"), ("ragboost.toml", "a-z_0-9")):
            example = WRITERS[".env.example" if name == ".env" else "ragboost.example.toml"]()
            write(tmp_path, name, re.sub(rf"(?m)^# ([{sign}]+ ?=)", r"\1", example))

        uncommented = (tmp_path / "ragboost.toml").read_text() + (tmp_path / ".env").read_text()
        assert "\nttl = 3600" in uncommented
        assert "\nRAGBOOST_PORT=8000" in uncommented
        assert load_settings({}, tmp_path) == Settings()


class TestPrices:
    """Tables that operators name."""

    def test_they_are_exact(self, tmp_path: Path) -> None:
        write(tmp_path, "ragboost.toml", '[prices."openai/gpt-4.1"]\ninput = 0.1\noutput = "${DEAR}"\ncached = 0')

        price = load_settings({"DEAR": "0.3"}, tmp_path).prices["openai/gpt-4.1"].price

        assert price == Price(Rate(Decimal("0.1")), Rate(Decimal("0.3")), cached=Rate(Decimal(0)))

    @pytest.mark.parametrize(
        ("written", "problem"),
        [
            ("input = -1\noutput = 1", """prices."a/b".input: -1 is not allowed; must be a number from 0 to"""),
            ("input = nan\noutput = 1", """prices."a/b".input: nan is not allowed"""),
            ("input = 0.1234567\noutput = 1", """prices."a/b".input: 0.1234567 is not allowed"""),
            ("input = 1", """prices."a/b".output: is missing; must be a number"""),
            ("input = 1\noutput = 1\ncashed = 1", "prices.a/b.cashed (ragboost.toml): is not known; did you mean"),
        ],
    )
    def test_a_wrong_one_is_told_with_its_place(self, tmp_path: Path, written: str, problem: str) -> None:
        write(tmp_path, "ragboost.toml", f'[prices."a/b"]\n{written}')

        (told,) = problems({}, tmp_path)
        assert told.startswith(problem)

    @pytest.mark.parametrize("name", ["gpt-4", "/gpt-4", "openai/", "open ai/gpt"])
    def test_a_name_tells_provider_and_model(self, tmp_path: Path, name: str) -> None:
        write(tmp_path, "ragboost.toml", f'[prices."{name}"]\ninput = 1\noutput = 1')

        assert problems({}, tmp_path) == [f'prices."{name}": is not allowed as a name; must be PROVIDER/MODEL']

    def test_a_price_outside_of_a_table_is_not_known(self, tmp_path: Path) -> None:
        write(tmp_path, "ragboost.toml", "[prices]\ninput = 1")

        assert problems({}, tmp_path) == ["prices.input (ragboost.toml): is not known"]

    def test_providers_on_this_machine_are_in_no_price_list(self) -> None:
        settings = Settings.model_validate(
            {"openai": {"base_url": "http://localhost:11434/v1"}, "anthropic": {"api_key": "x"}}
        )

        assert settings.provider_addresses == {"anthropic": "https://api.anthropic.com"}


def test_loading_needs_no_framework() -> None:
    script = "import sys, entrypoints.settings_loading as loading; loading.load_settings({}); print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT)  # noqa: S603

    assert {"pydantic_settings", "litestar", "structlog"}.isdisjoint(done.stdout.split())
