"""What the user writes: every mistake has a place and a way out."""

from typing import Any

import pytest
from pydantic import ValidationError

from otel_discord.config.model_errors import explain
from otel_discord.connectors.threshold.config import ThresholdConfig
from otel_discord.connectors.threshold.rules import make_rules
from otel_discord.signals import Plain
from tests.connectors.threshold.world import rule


def problems(*rules: dict[str, Any], **keys: Any) -> list[str]:
    data = {"rules": list(rules)} | keys
    with pytest.raises(ValidationError) as caught:
        ThresholdConfig.model_validate(data)
    return [
        f"{'::'.join(map(str, path))}: {message}; {hint}"
        for path, message, hint in explain(caught.value, ThresholdConfig, data)
    ]


def without(key: str, **keys: Any) -> dict[str, Any]:
    return {name: value for name, value in rule(**keys).items() if name != key}


RATIO = {"of": "errors", "to": "requests"}


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (rule(conditions={"warning": "100"}), "rules::0::conditions::warning: '100' needs one of the operators"),
        (rule(conditions={}), "conditions: needs at least one"),
        (rule(resolve="80"), "rules::0::resolve: '80' needs one of the operators"),
        (rule(resolve={"page": "< 8"}), "there is no condition of that severity"),
        (rule(aggregation="mean"), "rules::0::aggregation: 'mean' is no aggregation"),
        (rule(where="attributes["), "rules::0::where:"),
        (rule(metric="/a(/"), "rules::0::metric: not a regular expression"),
        (rule(metric="//"), "rules::0::metric: the regular expression between the slashes is empty"),
        (without("metric"), "needs a metric"),
        (rule(ratio=RATIO), "has both metric and ratio"),
        (rule(slo={"objective": "99 %"}), "rules::0::slo: needs a ratio"),
        (rule(window="0s"), "rules::0::window: must be longer than 0s"),
        (rule(window="5"), "rules::0::window:"),
        (rule(labels={"service.name": "x"}), "is in group_by, too"),
        (rule(labels={"alert.name": "x"}), "cannot be a label"),
        (rule(group_by=["a", "a"]), "names an attribute twice"),
        (rule(inhibited_by=["Nobody"]), "there is no rule 'Nobody'"),
        (rule(inhibited_by=["QueueTooDeep"]), "a rule cannot mute itself"),
        (rule(runbook_url="wiki"), "rules::0::runbook_url: must begin with https://"),
        (rule(annotations={"summary": "{{ valeu }}"}), "did you mean 'value'?"),
        (rule(annotations={"summary": "{{ attr('service.nam') }}"}), 'did you mean "service.name"?'),
        (rule(annotations={"summary": "{{ $value }}"}), "write {{ value }}"),
        (rule(annotations={"summary": "{{ $labels.job }}"}), "write {{ attr('service.name') }}"),
        (rule(annotations={"summary": "{{ value"}), "rules::0::annotations::summary:"),
        (rule(expr="up == 0"), "PromQL is not understood"),
        (rule(windw="1m"), 'did you mean "window"?'),
        (rule(no_data={"then": "page"}), "rules::0::no_data::then:"),
        (
            without("conditions", ratio=RATIO, metric="", slo={"objective": "99 %", "windows": []}),
            "rules::0::slo::windows:",
        ),
        (
            without("conditions", ratio=RATIO, metric="", slo={"objective": "1.5"}),
            "rules::0::slo::objective:",
        ),
        (
            without("conditions", ratio=RATIO, metric="", slo={"objective": "nine"}),
            "must be a share, as in 99.9 % or 0.999",
        ),
        (rule(ratio=RATIO | {"of": {"metric": "a", "where": "nonsense("}}, metric=""), "rules::0::ratio::of::where:"),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else "",
)
def test_a_mistake_has_a_place_and_a_way_out(wrong: dict[str, Any], expected: str) -> None:
    found = problems(wrong)
    assert any(expected in each for each in found), found


def test_rules_among_each_other() -> None:
    assert "rules::1::name: rule 0 has the name 'QueueTooDeep' as well; " in problems(rule(), rule())
    first, second = rule(name="A", inhibited_by=["B"]), rule(name="B", inhibited_by=["A"])
    assert "goes in a circle: A → B → A" in problems(first, second)[0]
    both = {"name": "C", "all_of": ["A"], "group_by": ["host"]}
    assert "rule 'A' does not group by host" in problems(rule(name="A"), both)[0]


def test_everything_is_told_at_once() -> None:
    assert len(problems(rule(conditions={"warning": "1"}, aggregation="x", runbook_url="x"))) == 3


def test_storage_and_interval() -> None:
    assert "evaluation_interval" in problems(rule(), evaluation_interval="1ms")[0]
    assert problems()[0].startswith("rules:")


def test_rules_about_others_come_after_them() -> None:
    both = {"name": "Both", "all_of": ["A", "B"]}
    config = ThresholdConfig.model_validate(
        {"rules": [both, rule(name="A"), rule(name="B", group_by=["x", "service.name"])]}
    )
    made = make_rules(config)
    assert [each.name for each in made] == ["A", "B", "Both"]
    assert made[-1].group_by == ("service.name",)


def test_default_burn_windows() -> None:
    keys: dict[str, Plain] = {"name": "Budget", "ratio": RATIO, "slo": {"objective": "99.9 %"}}  # type: ignore[dict-item]
    (made,) = make_rules(ThresholdConfig.model_validate({"rules": [keys]}))
    assert made.policy.severities == ("warning", "critical")
    assert made.judge.texts[1] == "budget burns > 14.4× over 1h and 5m or budget burns > 6× over 6h and 30m"
