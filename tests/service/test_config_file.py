"""Every mistake has its words, its key path, its line and, where one is near, a suggestion."""

import hashlib
from pathlib import Path

import pytest

from otel_discord.component import ComponentId, Kind
from otel_discord.config.problem import ConfigurationError
from otel_discord.service.config_file import Configuration, load_configuration
from otel_discord.service.registry import Registry

GOOD = """
receivers:
  in:
exporters:
  out:
  out/second: {text: hello, number: 0123}
service:
  pipelines:
    logs: {receivers: [in], exporters: [out]}
"""


def load(registry: Registry, *texts: str, sets: tuple[str, ...] = (), **environ: str) -> Configuration:
    return load_configuration([f"yaml:{text}" for text in texts], sets, registry, environ)


def problems(registry: Registry, *texts: str, sets: tuple[str, ...] = (), **environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(registry, *texts, sets=sets, **environ)
    return [str(problem).rpartition(" (")[0] for problem in caught.value.problems]


def test_good(registry: Registry) -> None:
    configuration = load(registry, GOOD)
    second = configuration.components[Kind.EXPORTER][ComponentId("out", "second")].config
    assert second.text == "hello"  # type: ignore[attr-defined]
    assert second.number == 83  # type: ignore[attr-defined]
    assert configuration.service.shutdown_timeout == 10.0
    assert [str(node) for node in configuration.plan.order] == ['exporter "out"', 'receiver "in"']


CONNECTED = "connectors: {join/c: , count: }\n"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("exporters: {x/1: }", 'exporters::x/1: unknown type: "x" for id: "x/1" (valid values: [logs_out, out])'),
        ("receivers: {inn: }", 'unknown type: "inn" for id: "inn" (valid values: [in]); did you mean "in"?'),
        ("recievers: {in: }", 'recievers: has invalid keys: recievers; did you mean "receivers"?'),
        ("exporters: {out: {nmber: 1}}", 'exporters::out::nmber: has invalid keys: nmber; did you mean "number"?'),
        ("exporters: {out: {number: x}}", "exporters::out::number: must be a whole number"),
        ("exporters: {out: {text: [x]}}", "exporters::out::text: must be text"),
        ("exporters: {out: {text: true}}", "exporters::out::text: must be text; put it in quotes"),
        ("exporters: {out: 7}", "exporters::out: must be a map of keys"),
        (
            "service::control::endpoint: tcp://127.0.0.1:99",
            "service::control::endpoint: must be a unix socket: unix:///path, or a path",
        ),
        ("exporters: [out]", "exporters: must be a map of components by id"),
        ("exporters: {9: }", 'exporters::9: invalid type "9"'),
        ("exporters: {out/: }", 'exporters::out/: in "out/" id: the part after / should not be empty'),
        ("exporters: {/out: }", 'exporters::/out: in "/out" id: the part before / should not be empty'),
        ("exporters: {out/a b: }", 'in "out/a b" id: a name has no spaces, control characters or symbols'),
        ("exporters: {out / x: , out/x: }", 'exporters::out/x: duplicate name "out/x"'),
        (
            "service::pipelines::logs::exporters: [outt]",
            'service::pipelines::logs: references exporter "outt" which is not configured; did you mean "out"?',
        ),
        (
            "service::pipelines::logs::receivers: [nothing]",
            'service::pipelines::logs: references receiver "nothing" which is not configured',
        ),
        (
            "service::pipelines::logs::processors: [nothing]",
            'service::pipelines::logs: references processor "nothing" which is not configured',
        ),
        (
            "service::extensions: [nothing]",
            'service::extensions: references extension "nothing" which is not configured',
        ),
        ("service: {pipelines: null}", "service::pipelines: service must have at least one pipeline"),
        ("service:", "service::pipelines: service must have at least one pipeline"),
        ("service::pipelines::logs: {receivers: []}", "service::pipelines::logs: must have at least one receiver"),
        ("service::pipelines::logs: {exporters: }", "service::pipelines::logs: must have at least one exporter"),
        ("receivers:", "receivers: no receiver configuration specified in config"),
        ("exporters:", "exporters: no exporter configuration specified in config"),
        (
            "{processors: {mid: }, 'service::pipelines::logs::processors': [mid, mid]}",
            'service::pipelines::logs: references processor "mid" multiple times',
        ),
        ("service::pipelines::blobs: {}", 'service::pipelines::blobs: unknown signal "blobs"'),
        ("service::pipelins: {}", 'service::pipelins: has invalid keys: pipelins; did you mean "pipelines"?'),
        (
            "service::telemetry::logs::levle: info",
            'service::telemetry::logs::levle: has invalid keys: levle; did you mean "level"?',
        ),
        ("service::shutdown_timeout: 10", "service::shutdown_timeout: 10 has no unit"),
        ("service::shutdown_timeout: -1s", "service::shutdown_timeout: must not be negative"),
        (
            "{connectors: {join: }, exporters: {join: }, receivers: {join: }}",
            (
                'connectors::join: ambiguous ID: Found both "join" exporter and "join" connector. Change one of the '
                'components\' IDs to eliminate ambiguity (e.g. rename "join" connector to "join/connector")'
            ),
        ),
        (
            CONNECTED + "service::pipelines::logs::exporters: [join/c]",
            (
                'service::pipelines::logs: connector "join/c" used as exporter in [logs] pipeline but not used in any '
                "supported receiver pipeline"
            ),
        ),
        (
            CONNECTED + "service::pipelines::traces: {receivers: [count], exporters: [out]}",
            (
                'service::pipelines::traces: connector "count" used as receiver in [traces] pipeline '
                "but not used in any supported exporter pipeline"
            ),
        ),
        (
            CONNECTED + "service::pipelines: {logs/a: {receivers: [join/c], exporters: [join/c]}}",
            'pipelines: cycle detected: connector "join/c" (logs to logs) -> connector "join/c" (logs to logs)',
        ),
        (
            "{exporters: {logs_out: }, 'service::pipelines::traces': {receivers: [in], exporters: [logs_out]}}",
            (
                'service::pipelines::traces: failed to create "logs_out" exporter for data type "traces": '
                "telemetry type is not supported"
            ),
        ),
        (
            (
                "{processors: {logs_only: }, "
                "'service::pipelines::metrics/x': {receivers: [in], processors: [logs_only], exporters: [out]}}"
            ),
            (
                'service::pipelines::metrics/x: failed to create "logs_only" processor, in pipeline "metrics/x": '
                "telemetry type is not supported"
            ),
        ),
    ],
)
def test_words(registry: Registry, change: str, expected: str) -> None:
    found = problems(registry, GOOD, change)
    assert any(expected in problem for problem in found), found


def test_a_longer_cycle_is_told_in_full(registry: Registry) -> None:
    text = """
processors: {mid: }
connectors: {join/a: , join/b: }
service::pipelines:
  logs/1: {receivers: [in, join/b], processors: [mid], exporters: [join/a]}
  logs/2: {receivers: [join/a], exporters: [join/b]}
"""
    assert problems(registry, GOOD, text) == [
        (
            'service::pipelines: cycle detected: connector "join/a" (logs to logs) -> '
            'connector "join/b" (logs to logs) -> processor "mid" in pipeline "logs/1" -> '
            'connector "join/a" (logs to logs)'
        )
    ]


def test_empty(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("# nothing\n")
    for source in (str(tmp_path / "c.yaml"), "yaml:{}"):
        with pytest.raises(ConfigurationError, match="empty configuration file"):
            load_configuration([source], [], registry, {})


def test_everything_at_once_in_the_order_of_the_file_with_lines(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "receivers:\n"
        "  in: {number: many}\n"
        "exporters:\n"
        "  out:\n"
        "    text: ${env:UNSET}\n"
        "    unknown: 1\n"
        "service:\n"
        "  shutdown_timeout: soon\n"
        "  pipelines:\n"
        "    logs:\n"
        "      receivers: [in]\n"
        "      exporters:\n"
        "        - out\n"
        "        - other\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        load_configuration([str(path)], [], registry, {})
    assert [(problem.path, problem.line) for problem in caught.value.problems] == [
        ("receivers::in::number", 2),
        ("exporters::out::text", 5),
        ("exporters::out::unknown", 6),
        ("service::shutdown_timeout", 8),
        ("service::pipelines::logs", 14),
    ]
    assert {problem.file for problem in caught.value.problems} == {str(path)}


def test_a_component_that_is_not_used_is_checked_too(registry: Registry) -> None:
    assert problems(registry, GOOD, "exporters::out/unused::number: x")


class TestHiddenValues:
    SECRET = "hunter2-is-long-enough"

    @pytest.mark.parametrize(
        "change",
        [
            "exporters::out::number: ${env:S}",
            "service::shutdown_timeout: ${env:S}",
            "service::shutdown_timeout: a${env:S}b",
            "service::pipelines::logs::exporters: ['${env:S}']",
            "service::telemetry::logs::level: ${env:S}",
            "service::telemetry::metrics::address: ${env:S}",
            "service::extensions: ['${S}']",
            "exporters: ${env:S}",
            "service: ${env:S}",
        ],
    )
    def test_values_of_variables_are_not_shown(self, registry: Registry, change: str) -> None:
        found = problems(registry, GOOD, change, S=self.SECRET)
        assert found
        assert self.SECRET not in "\n".join(found)
        assert self.SECRET[:12] not in "\n".join(found)

    def test_the_reference_stands_for_it(self, registry: Registry) -> None:
        found = problems(registry, GOOD, "service::shutdown_timeout: ${env:S}", S="7")
        assert found[0].startswith("service::shutdown_timeout: ${env:S} has no unit")

    def test_an_unset_variable_is_the_only_problem_it_makes(self, registry: Registry) -> None:
        found = problems(registry, GOOD, "{exporters::out::token: '${env:NO}', service::telemetry::resource: '${NO}'}")
        assert [problem.split(":")[0] for problem in found] == ["exporters", "service"]
        assert all("environment variable NO is not set" in problem for problem in found)


def test_settings_win_over_files(registry: Registry) -> None:
    configuration = load(registry, GOOD, sets=("exporters.out.number=9", "service.shutdown_timeout=3s"))
    assert configuration.components[Kind.EXPORTER][ComponentId("out")].config.number == 9  # type: ignore[attr-defined]
    assert configuration.service.shutdown_timeout == 3


def test_the_files_that_were_read(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "word").write_text("hello")
    (tmp_path / "parts" / "out.yaml").write_text("text: ${file:../word}\n")
    config = tmp_path / "config.yaml"
    config.write_text(GOOD.replace("{text: hello, number: 0123}", "${file:parts/out.yaml}"))
    loaded = load_configuration(
        [f"file:{config}", "env:MORE", "yaml:{exporters: {out: }}"], [], registry, {"MORE": "{}"}
    )
    assert [path.resolve() for path in loaded.files] == [config, tmp_path / "parts" / "out.yaml", tmp_path / "word"]
    assert loaded.files[config] == hashlib.sha256(config.read_bytes()).digest()
