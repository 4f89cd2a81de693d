"""What the SDK side is told, from where, and what it says when that cannot be."""

import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from otel_discord.config import Secret
from otel_discord.sdk.settings import SdkSettings, SettingsError, read_settings
from otel_discord.sdk.settings_sources import parse_milliseconds

TOKEN = "T0k3n-of_a_webhook" + "x" * 50
URL = f"https://discord.com/api/webhooks/123456789012345678/{TOKEN}"
OTHER = f"https://discord.com/api/webhooks/223456789012345678/{'b' * 68}"
P = "OTEL_EXPORTER_DISCORD_"


def variables(**values: str) -> dict[str, str]:
    return {P + name: value for name, value in values.items()}


def problems(arguments: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(arguments, environ or {})
    text = str(caught.value)
    assert TOKEN not in text
    assert URL not in text
    assert "\n" not in text
    return text


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


# ------------------------------------------------------------------------------------------------------------ defaults
def test_a_webhook_alone_is_enough() -> None:
    assert read_settings({"webhook_url": URL}, {}) == SdkSettings(
        section={"webhook_url": URL}, min_severity=13, labels={("webhook_url",): "argument webhook_url"}
    )


def test_settings_do_not_show_their_webhook() -> None:
    assert TOKEN not in repr(read_settings({"webhook_url": URL, "proxy_url": f"http://u:{TOKEN}@proxy:1"}, {}))


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(P + "WEBHOOK_URL", URL)
    assert read_settings({}).section["webhook_url"] == URL


def test_all_variables(tmp_path: Path) -> None:
    settings = read_settings(
        {},
        variables(
            WEBHOOK_URL=f" {URL} ",
            ENDPOINT="https://proxy.example/discord",
            ALLOW_INSECURE_ENDPOINT="TRUE",
            PROXY_URL="http://proxy.example:3128",
            MIN_SEVERITY="info",
            TIMEOUT="2500",
            SHUTDOWN_TIMEOUT="1m30s",
            USERNAME="Shop",
            AVATAR_URL="https://shop.example/a.png",
            PRESET="full",
            SPOOL_DIRECTORY=str(tmp_path / "spool"),
            DRY_RUN="False",
        ),
    )
    assert settings.section == {
        "webhook_url": URL,
        "endpoint": "https://proxy.example/discord",
        "allow_insecure_endpoint": True,
        "proxy_url": "http://proxy.example:3128",
        "min_severity": "info",
        "timeout": "2.5s",
        "shutdown_timeout": "1m30s",
        "username": "Shop",
        "avatar_url": "https://shop.example/a.png",
        "render": {"preset": "full"},
        "dry_run": False,
    }
    assert settings.shutdown_timeout_s == 90
    assert settings.spool_directory == str(tmp_path / "spool")
    assert settings.min_severity == 9
    assert not (tmp_path / "spool").exists()


def test_own_arguments(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "webhook_url": Secret(URL),
            "spool_directory": tmp_path,
            "shutdown_timeout": 2.5,
            "max_records": 5,
            "max_mib": 0.5,
            "timeout": timedelta(seconds=3),
        },
        {},
    )
    assert (settings.max_records, settings.max_bytes, settings.shutdown_timeout_s) == (5, 512 * 1024, 2.5)
    assert settings.spool_directory == str(tmp_path)
    assert settings.section == {"webhook_url": URL, "timeout": "3s", "shutdown_timeout": "2.5s"}


def test_relative_paths_stay_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "url", URL)
    settings = read_settings({"webhook_url_file": "url", "spool_directory": "spool"}, {})
    assert settings.section["webhook_url_file"] == str(tmp_path / "url")
    assert settings.spool_directory == str(tmp_path / "spool")


# ---------------------------------------------------------------------------------------------------------- precedence
def test_arguments_over_variables_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path / "c.yaml", f"webhook_url: {URL}\nusername: file\navatar_url: https://file/\ntimeout: 1s\n")
    settings = read_settings({"username": "argument"}, variables(CONFIG=file, USERNAME="variable", TIMEOUT="2s"))
    assert settings.section["username"] == "argument"
    assert settings.section["timeout"] == "2s"
    assert settings.section["avatar_url"] == "https://file/"
    assert settings.section["webhook_url"] == URL
    assert settings.min_severity is None


def test_maps_merge_key_by_key(tmp_path: Path) -> None:
    file = written(tmp_path / "c.yaml", f"webhook_url: {URL}\nrender: {{preset: full, timestamps: false}}\n")
    settings = read_settings({"render": {"resource": False}}, variables(CONFIG=file, PRESET="plain"))
    assert settings.section["render"] == {"preset": "plain", "timestamps": False, "resource": False}


@pytest.mark.parametrize("key", ["webhook_url", "webhook_url_file", "destinations", "config"])
def test_where_an_argument_says_where_the_environment_does_not(key: str, tmp_path: Path) -> None:
    value: Any = {
        "webhook_url": OTHER,
        "webhook_url_file": written(tmp_path / "url", OTHER),
        "destinations": {"ops": {"webhook_url": OTHER}},
        "config": written(tmp_path / "c.yaml", f"webhook_url: {OTHER}"),
    }[key]
    environ = variables(WEBHOOK_URL=URL, WEBHOOK_URL_FILE="no such file", CONFIG="no such file", USERNAME="Shop")
    settings = read_settings({key: value}, environ)
    assert TOKEN not in str(settings.section)
    assert settings.section["username"] == "Shop"


def test_a_variable_that_says_where_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path / "c.yaml", f"destinations: {{ops: {{webhook_url: {OTHER}}}}}\nusername: file\n")
    settings = read_settings({}, variables(CONFIG=file, WEBHOOK_URL=URL))
    assert "destinations" not in settings.section
    assert settings.section["webhook_url"] == URL


@pytest.mark.parametrize("empty", [None, "", " "])
def test_an_empty_argument_is_not_given(empty: Any) -> None:
    settings = read_settings({"webhook_url": empty, "routes": None, "max_records": None}, variables(WEBHOOK_URL=URL))
    assert settings.section == {"webhook_url": URL}


# ---------------------------------------------------------------------------------------------------------- references
@pytest.mark.parametrize("text", ["${env:HOOK}", "${HOOK}", "${env:NONE:-${HOOK}}", "${HOOK:-x}"])
def test_references_in_arguments(text: str) -> None:
    assert read_settings({"webhook_url": text}, {"HOOK": URL}).section["webhook_url"] == URL


def test_references_inside_and_deep() -> None:
    settings = read_settings(
        {"destinations": {"ops": {"webhook_url": "${env:HOOK}", "thread_id": "${THREAD}"}}, "username": "a ${X:-b} $$"},
        {"HOOK": URL, "THREAD": "123456789012345678"},
    )
    assert settings.section["destinations"]["ops"] == {"webhook_url": URL, "thread_id": "123456789012345678"}
    assert settings.section["username"] == "a b $"


def test_text_of_code_without_a_reference_stays_as_it_is() -> None:
    assert read_settings({"webhook_url": URL, "username": "$$ {x}"}, {}).section["username"] == "$$ {x}"


def test_a_reference_without_a_value_is_one_problem() -> None:
    text = problems({"webhook_url": "${env:HOOK}"}, variables(WEBHOOK_URL=OTHER))
    assert text.startswith("argument webhook_url: environment variable HOOK is not set; set it")


def test_a_reference_to_nothing_is_not_given() -> None:
    assert read_settings({"webhook_url": "${HOOK:-}"}, variables(WEBHOOK_URL=URL)).section["webhook_url"] == URL


def test_a_variable_is_not_expanded() -> None:
    assert "variable that was not resolved" in problems({}, variables(WEBHOOK_URL="${HOOK}") | {"HOOK": URL})


# ------------------------------------------------------------------------------------------------------------ the file
@pytest.mark.parametrize(
    "text",
    [
        "webhook_url: ${env:HOOK}\n",
        "exporters: {discord: {webhook_url: '${env:HOOK}'}}\n",
        "exporters:\n  discord/shop:\n    webhook_url: ${HOOK}\n",
        "receivers: {otlp: {}}\nexporters:\n  debug: {x: '${NONE}'}\n  discord: {webhook_url: '${HOOK}'}\nservice: 3\n",
        "exporters:\n  discord/a: {}\n  discord:\n    webhook_url: ${HOOK}\n",
        "exporters: {discord: '${DISCORD}'}\n",
    ],
)
def test_forms_of_the_file(text: str, tmp_path: Path) -> None:
    file = written(tmp_path / "discord.yaml", text)
    environ = {"HOOK": URL, "DISCORD": f"webhook_url: {URL}"}
    for settings in (read_settings({"config": file}, environ), read_settings({}, environ | variables(CONFIG=file))):
        assert settings.section["webhook_url"] == URL
        assert settings.min_severity is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no keys"),
        ("- a", "holds no keys"),
        ("webhook_url: [", "invalid YAML"),
        ("exporters: {debug: {}}", "has no discord exporter"),
        ("exporters: {discord/a: {}, discord/b: {}}", "several discord exporters (discord/a, discord/b)"),
        ("discord: {webhook_url: x}", "write its keys at the top"),
        ("exporters: {discord: [a]}", "must be a map of keys"),
        ("exporters: {discord: }", "nothing says where to send"),
        ("username: Shop", "nothing says where to send"),
        ("webhook_url: ${env:NONE}", "environment variable NONE is not set"),
        (
            f"webhook_url: {URL}\nspool_directory: x",
            "2: spool_directory: is not said in this",
        ),
        (f"webhook_url: {URL}\ndestinations: {{a: {{webhook_url: {URL}}}}}", "both say where to send"),
        (f"webhook_url: {URL}\nsending_queue: {{storage: file_storage}}", "spool_directory"),
        (f"webhook_url: {URL}\ndestinations_from: run_channels", "here name destinations"),
        (f"webhook_url: {URL}\nrender:\n  preset: ful", "3: render::preset: must be one of"),
        (f"webhook_url: {URL}\nrender: {{presets: full}}", 'did you mean "preset"?'),
        (f"webhook_url: {URL}\nroutes: [{{condition: x >, destinations: [default]}}]", "routes::0::condition"),
        (f"webhook_url: {URL}\nmin_severity: LOUD", "'LOUD' is not a severity"),
        (f"webhook_url: {URL}\nminseverity: WARN", 'did you mean "min_severity"?'),
    ],
)
def test_what_is_wrong_in_a_file(text: str, words: str, tmp_path: Path) -> None:
    file = written(tmp_path / "discord.yaml", text)
    for told in (problems({"config": file}), problems({}, variables(CONFIG=file))):
        assert words in told


@pytest.mark.parametrize("name", ["no-such.yaml", ".", URL])
def test_a_file_that_cannot_be_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = problems({}, variables(CONFIG=name))
    assert told.startswith("OTEL_EXPORTER_DISCORD_CONFIG: ")
    assert "nothing says where" not in told


# ------------------------------------------------------------------------------------------------------- what is wrong
def test_nothing_says_where() -> None:
    told = problems({})
    assert told.startswith("nothing says where to send: set OTEL_EXPORTER_DISCORD_WEBHOOK_URL, or give webhook_url")


def test_a_variable_of_nearly_that_name_is_pointed_at() -> None:
    assert "DISCORD_WEBHOOK_URL is set, but not read here" in problems({}, {"DISCORD_WEBHOOK_URL": URL})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WEBHOOK_URL", TOKEN, "does not start with https://"),
        ("WEBHOOK_URL", f"https://hooks.slack.example/{TOKEN}", "is not Discord"),
        ("WEBHOOK_URL", f"http://discord.com/api/webhooks/1/{TOKEN}", "starts with https://"),
        ("WEBHOOK_URL_FILE", URL, "must be the path of a file"),
        ("WEBHOOK_URL_FILE", "/no/such/file", "there is no file /no/such/file"),
        ("ENDPOINT", URL, "the webhook goes to webhook_url"),
        ("ENDPOINT", "http://127.0.0.1:1", "OTEL_EXPORTER_DISCORD_ALLOW_INSECURE_ENDPOINT=true"),
        ("ALLOW_INSECURE_ENDPOINT", "yes", "must be true or false"),
        ("DRY_RUN", "1", "must be true or false"),
        ("PROXY_URL", "proxy:3128", "form http://host:port"),
        ("PROXY_URL", URL, "is the address of a webhook"),
        ("AVATAR_URL", URL, "is the address of a webhook"),
        ("PROXY_URL", f"ftp://user:{TOKEN}@proxy", "form http://host:port"),
        ("PROXY_URL", "http://proxy:port", "form http://host:port"),
        ("MIN_SEVERITY", "LOUD", "'LOUD' is not a severity"),
        ("MIN_SEVERITY", "25", "25 is not a severity number"),
        ("MIN_SEVERITY", URL, "is not a severity"),
        ("MIN_SEVERITY", TOKEN, "is not a severity"),
        ("TIMEOUT", "10", "10 would be milliseconds; write 10s"),
        ("TIMEOUT", "0", "must be above 0"),
        ("TIMEOUT", "-5s", "must not be negative"),
        ("TIMEOUT", "soon", "is not a duration"),
        ("SHUTDOWN_TIMEOUT", "99", "write 99s"),
        ("SHUTDOWN_TIMEOUT", "1.5", "is not a duration"),
        ("USERNAME", "my Discord bot", 'must not contain "discord"'),
        ("USERNAME", "x" * 81, "81 characters"),
        ("AVATAR_URL", "http://a.example/b.png", "must begin with https://"),
        ("PRESET", "fulll", 'did you mean "full"?'),
        ("SPOOL_DIRECTORY", __file__, "is a file"),
        ("SPOOL_DIRECTORY", URL, "must be the path of a directory"),
    ],
)
def test_a_wrong_variable_is_named_with_what_to_do(name: str, value: str, words: str) -> None:
    environ = variables(**{"WEBHOOK_URL": URL, name: value})
    if name == "WEBHOOK_URL_FILE":
        del environ[P + "WEBHOOK_URL"]
    told = problems({}, environ)
    assert told.startswith(f"{P}{name}: ")
    assert words in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"webhook_url": 5}, "argument webhook_url: must be text"),
        ({"webhook_url": URL, "timeout": 10}, "argument timeout: 10 has no unit"),
        ({"webhook_url": URL, "dry_run": "maybe"}, "argument dry_run: must be true or false"),
        ({"webhook_url": URL, "allow_insecure_endpoint": 1}, "argument allow_insecure_endpoint: must be true or"),
        ({"webhook_url": URL, "max_records": 0}, "argument max_records: must be a whole number, at least 1"),
        ({"webhook_url": URL, "max_records": True}, "argument max_records: must be a number"),
        ({"webhook_url": URL, "max_records": 2.5}, "argument max_records: must be a whole number"),
        ({"webhook_url": URL, "max_mib": "much"}, "argument max_mib: must be a number"),
        ({"webhook_url": URL, "max_mib": float("nan")}, "argument max_mib: must be a number of MiB above 0"),
        ({"webhook_url": URL, "shutdown_timeout": 5000}, "argument shutdown_timeout: 5000 would be seconds"),
        ({"webhook_url": URL, "shutdown_timeout": -1}, "argument shutdown_timeout: must not be negative"),
        ({"webhook_url": URL, "shutdown_timeout": "5"}, "argument shutdown_timeout: '5' is not a duration"),
        ({"webhook_url": URL, "shutdown_timeout": float("nan")}, "argument shutdown_timeout: nan would be"),
        ({"webhook_url": URL, "spool_directory": 5}, "argument spool_directory: must be the path of a directory"),
        ({"webhook_url": URL, "render": "full"}, "argument render: must be a map of keys"),
        ({"webhook_url": URL, "render": {"preset": 1}}, "argument render::preset: must be one of compact"),
        ({"webhook_url": URL, "destinations": {"a": {"webhook_url": URL}}}, "both say where to send: keep one"),
        ({"webhook_url": URL, "webhook_url_file": "x"}, "both say where to send: keep one"),
        ({"webhook_url": URL, "sending_queue": {"storage": "file"}}, "argument sending_queue::storage: is an"),
        ({"webhook_url": URL, "destinations_from": "runs"}, "argument destinations_from: is an extension"),
        ({"destinations": {"a": {"webhook_url_file": "/no/such"}}}, "a::webhook_url_file: there is no file /no/such"),
        ({"destinations": {"a": {"webhook_url": TOKEN}}}, "argument destinations::a::webhook_url: the webhook URL"),
        ({"destinations": {"a": {}}}, "argument destinations::a: needs exactly one of webhook_url"),
        ({"webhok_url": URL, "webhook_url": URL}, 'argument webhok_url: is not known; did you mean "webhook_url"?'),
        ({"webhook_url": URL, "spool_dir": "x"}, 'did you mean "spool_directory"?'),
        ({"webhook_url": URL, "level": "WARN"}, "argument level: is not known; which records go where is said by"),
        ({"webhook_url": URL, "zzz": 1}, "argument zzz: is not known; known: "),
    ],
)
def test_a_wrong_argument_is_named_with_what_to_do(arguments: dict[str, Any], words: str) -> None:
    assert words in problems(arguments)


def test_every_problem_is_told_at_once() -> None:
    told = problems(
        {"max_records": 0, "routes": [{"destinations": []}], "shutdown_timeout": "x"},
        variables(WEBHOOK_URL="x", TIMEOUT="5", DRY_RUN="?", MIN_SEVERITY="?"),
    )
    for name in ("max_records", "routes::0::condition", "shutdown_timeout", "WEBHOOK_URL", "TIMEOUT", "DRY_RUN"):
        assert name in told
    assert P + "MIN_SEVERITY: " in told
    assert told.startswith("8 problems: (1) ")


def test_two_webhooks_in_the_environment_are_an_error(tmp_path: Path) -> None:
    file = written(tmp_path / "url", URL)
    told = problems({}, variables(WEBHOOK_URL=URL, WEBHOOK_URL_FILE=file))
    assert told == f"{P}WEBHOOK_URL and {P}WEBHOOK_URL_FILE both say where to send: keep one"


def test_a_file_with_an_address(tmp_path: Path) -> None:
    assert read_settings({}, variables(WEBHOOK_URL_FILE=written(tmp_path / "good", f"{URL}\n")))
    assert "is not a webhook's address: " in problems({"webhook_url_file": written(tmp_path / "bad", TOKEN)})
    assert "is a directory" in problems({"webhook_url_file": tmp_path})
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert "is not a text file" in problems({"webhook_url_file": tmp_path / "binary"})


def test_a_webhook_at_the_endpoint() -> None:
    endpoint = variables(ENDPOINT="http://127.0.0.1:8080", ALLOW_INSECURE_ENDPOINT="true")
    assert read_settings({"webhook_url": f"http://127.0.0.1:8080/api/webhooks/1/{TOKEN}"}, endpoint)


@pytest.mark.parametrize(
    ("arguments", "floor"),
    [
        ({}, 13),
        ({"min_severity": 0}, 0),
        ({"min_severity": "error2"}, 18),
        ({"min_severity": "${LEVEL}"}, 17),
        ({"routes": [{"condition": "true", "destinations": ["default"]}]}, None),
        ({"render": {"timestamps": False}}, 13),
    ],
)
def test_what_is_shown_is_known_where_nothing_can_lower_it(arguments: dict[str, Any], floor: int | None) -> None:
    assert read_settings({"webhook_url": URL, **arguments}, {"LEVEL": "ERROR"}).min_severity == floor


@drawn(st.integers(100, 10**12))
def test_a_whole_number_is_milliseconds(number: int) -> None:
    from otel_discord.config import parse_duration

    assert parse_duration(parse_milliseconds(str(number))) == pytest.approx(number / 1000)


@drawn(
    st.dictionaries(
        st.sampled_from(["min_severity", "timeout", "username", "render", "routes", "max_mib", "config", "nonsense"]),
        st.sampled_from([URL, TOKEN, [URL], {"preset": URL}, {"roles": TOKEN}, [{"condition": URL}], "${env:HOOK}"]),
        min_size=1,
    )
)
def test_no_error_tells_a_token(arguments: dict[str, Any]) -> None:
    told = ""
    try:
        read_settings({"webhook_url": URL, **arguments}, {"HOOK": URL})
    except SettingsError as error:
        told = str(error)
    assert not any(TOKEN[start : start + 8] in told for start in range(len(TOKEN) - 7))


def test_the_preset_may_be_an_argument() -> None:
    both = {"webhook_url": URL, "preset": "full", "render": {"timestamps": False, "preset": "plain"}}
    assert read_settings(both, {}).section["render"] == {"timestamps": False, "preset": "full"}
    assert "argument preset: must be one of" in problems({"webhook_url": URL, "preset": "ful"})


def test_whatever_is_handed_in_is_no_more_than_a_settings_error() -> None:
    circle: dict[str, Any] = {}
    circle["destinations"] = circle
    assert "cannot be read (RecursionError)" in problems(circle)
    for odd in (
        object(),
        b"x",
        [object()],
        {1: object()},
        2**70,
        float("nan"),
        "\0",
        "~nobody-has-this-name/x",
        "x" * 5000,
    ):
        for key in ("webhook_url", "webhook_url_file", "config", "spool_directory", "timeout", "render", "routes"):
            with suppress(SettingsError):
                read_settings({"webhook_url": URL, key: odd}, {})


def test_the_application_does_not_wait_for_the_engine() -> None:
    code = (
        "import sys\n"
        "from otel_discord.sdk.settings import read_settings\n"
        f"read_settings({{'webhook_url': {URL!r}, 'min_severity': 'info', 'render': {{'preset': 'full'}}}}, {{}})\n"
        "heavy = {'pydantic', 'yaml', 'aiohttp', 'google', 'opentelemetry', 'asyncio', 'jinja2', 'difflib'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"webhook_url": URL, "connect_timeout": "-1s"}, "argument connect_timeout: must not be negative"),
        ({"webhook_url": URL, "shutdown_timeout": "${T}"}, "argument shutdown_timeout: ${env:T} is not a duration"),
        ({"webhook_url_file": 5}, "argument webhook_url_file: must be the path of a file"),
        ({"webhook_url": "${file:/no/such/file}"}, "argument webhook_url: cannot read file /no/such/file"),
        ({"webhook_url": "${yaml:[}"}, "argument webhook_url: "),
        ({"webhook_url": "${"}, "argument webhook_url: `${` without the `}`"),
        ({"config": "x" * 5000}, "argument config: the file [not shown] cannot be read"),
        ({"webhook_url_file": "x" * 5000}, "cannot be read: File name too long"),
        ({"webhook_url": URL, "spool_directory": "x" * 5000}, "cannot be used: File name too long"),
    ],
)
def test_odd_arguments(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(arguments, {"T": "soon"})
    assert words in str(caught.value)


def test_a_file_with_an_address_at_a_wrong_endpoint_is_one_problem(tmp_path: Path) -> None:
    file = written(tmp_path / "url", f"http://127.0.0.1/api/webhooks/1/{TOKEN}")
    told = problems({"webhook_url_file": file, "endpoint": "http://127.0.0.1"})
    assert told.startswith("argument endpoint: the endpoint must start with https://")


@pytest.mark.parametrize(
    "pasted", [TOKEN, URL, URL.partition("://")[2], URL.partition("/webhooks/")[2], f"{TOKEN} ", f"token={TOKEN}"]
)
@pytest.mark.parametrize("key", ["WEBHOOK_URL_FILE", "CONFIG", "SPOOL_DIRECTORY", "MIN_SEVERITY", "TIMEOUT", "PRESET"])
def test_a_secret_in_the_wrong_place_is_not_repeated(key: str, pasted: str) -> None:
    told = ""
    try:
        read_settings({}, variables(**{key: pasted}))
    except SettingsError as error:
        told = str(error)
    assert TOKEN not in told
    assert told


def test_the_long_name_of_a_directory_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "an-endpoint-of-the-discord-exporter-that-has-a-long-name" / "no-such.yaml"
    assert problems({"config": path}) == f"argument config: there is no file {path}"


def test_a_file_that_is_not_there_is_named_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert problems({"config": "no-such.yaml"}) == f"argument config: there is no file {tmp_path / 'no-such.yaml'}"
