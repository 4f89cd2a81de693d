"""A strict parser of Prometheus text, for tests: any deviation is an AssertionError."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

_SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)')
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')


@dataclass
class Family:
    type: str
    help: str = ""
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = field(default_factory=dict)

    def value(self, suffix: str = "", /, **labels: str) -> float:
        return self.samples[suffix, frozenset(labels.items())]


def parse(text: str) -> dict[str, Family]:
    assert text.endswith("\n")
    families: dict[str, Family] = {}
    helps: dict[str, str] = {}
    current = ""
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, _, helps_text = line[7:].partition(" ")
            assert name not in families
            helps[name] = helps_text
        elif line.startswith("# TYPE "):
            current, _, kind = line[7:].partition(" ")
            assert kind in {"counter", "gauge", "histogram"}
            assert current not in families, f"{current} twice"
            families[current] = Family(kind, helps.get(current, ""))
        else:
            match = _SAMPLE.fullmatch(line)
            assert match, line
            name, raw, value = match.groups()
            assert name.startswith(current)
            suffix = name[len(current) :]
            assert suffix in ({"_bucket", "_sum", "_count"} if families[current].type == "histogram" else {""})
            labels = [(key, _plain(text)) for key, text in _LABEL.findall(raw or "")]
            assert len(dict(labels)) == len(labels)
            key = (suffix, frozenset(labels))
            assert key not in families[current].samples, f"{line} twice"
            families[current].samples[key] = float(value)
    for family in families.values():
        assert family.samples
        if family.type == "histogram":
            _check_histogram(family)
    return families


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), text)


def _check_histogram(family: Family) -> None:
    series: dict[frozenset[tuple[str, str]], list[tuple[float, float]]] = {}
    for (suffix, labels), value in family.samples.items():
        if suffix == "_bucket":
            le = dict(labels)["le"]
            rest = labels - {("le", le)}
            series.setdefault(rest, []).append((float(le), value))
    for labels, buckets in series.items():
        buckets.sort()
        assert buckets[-1][0] == float("inf")
        assert [count for _, count in buckets] == sorted(count for _, count in buckets)
        assert buckets[-1][1] == family.samples["_count", labels]
        assert ("_sum", labels) in family.samples


@pytest.fixture
def parse_prometheus() -> Callable[[str], dict[str, Family]]:
    return parse
