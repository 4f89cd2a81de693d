"""The forms that users of the Collector's filter, transform and routing bring along, old style and new."""

import pytest

from otel_discord.ottl import ContextKind, infer_context, parse_condition, parse_statement

LOG, SPAN, EVENT = ContextKind.LOG, ContextKind.SPAN, ContextKind.SPANEVENT
METRIC, POINT, RESOURCE = ContextKind.METRIC, ContextKind.DATAPOINT, ContextKind.RESOURCE


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SPAN, 'attributes["container.name"] == "app"'),
        (SPAN, 'resource.attributes["host.name"] == "localhost" or name == "healthcheck"'),
        (SPAN, "kind == SPAN_KIND_INTERNAL and status.code != STATUS_CODE_ERROR"),
        (SPAN, "(end_time_unix_nano - start_time_unix_nano) / 1000000 > 1500"),
        (SPAN, "parent_span_id == SpanID(0x0000000000000000)"),
        (SPAN, "IsRootSpan()"),
        (EVENT, 'attributes["grpc"] == true or IsMatch(name, ".*grpc.*")'),
        (EVENT, 'name == "exception" and span.attributes["http.route"] != nil'),
        (METRIC, 'name == "requests" and resource.attributes["env"] == "dev"'),
        (METRIC, "type == METRIC_DATA_TYPE_HISTOGRAM"),
        (METRIC, 'HasAttrKeyOnDatapoint("http.method") or HasAttrOnDatapoint("http.method", "GET")'),
        (POINT, "metric.type == METRIC_DATA_TYPE_SUMMARY"),
        (POINT, 'metric.name == "k8s.pod.phase" and value_int == 4'),
        (POINT, "flags == FLAG_NO_RECORDED_VALUE or value_double < 0.5"),
        (LOG, 'IsMatch(body, ".*password.*")'),
        (LOG, "severity_number != SEVERITY_NUMBER_UNSPECIFIED and severity_number < SEVERITY_NUMBER_WARN"),
        (LOG, 'IsMap(body) and body["object"] != nil'),
        (LOG, 'not IsMatch(resource.attributes["k8s.namespace.name"], "^(prod|stage)-")'),
        (LOG, "IsString(body) and Len(body) > 1000"),
        (LOG, "time_unix_nano == 0 and observed_time < Now()"),
        (LOG, 'ContainsValue(attributes["tags"], "audit") or HasPrefix(body.string, "GET /health")'),
        (LOG, 'Int(attributes["status"]) >= 500'),
        (LOG, 'ParseJSON(body)["level"] == "debug"'),
        (RESOURCE, 'attributes["service.name"] == "service1"'),
    ],
)
def test_conditions(kind: ContextKind, text: str) -> None:
    parse_condition(text, kind, clock=lambda: 0)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SPAN, 'keep_keys(span.attributes, ["service.name", "cloud.region"])'),
        (SPAN, r'replace_pattern(span.attributes["command"], "password\\=[^\\s]*(\\s?)", "password=***")'),
        (SPAN, "limit(span.attributes, 100, [])"),
        (SPAN, "truncate_all(resource.attributes, 4096)"),
        (SPAN, 'set(span.status.code, STATUS_CODE_OK) where span.attributes["http.status_code"] == 404'),
        (METRIC, 'set(metric.description, "Sum") where metric.type == METRIC_DATA_TYPE_SUM'),
        (POINT, 'set(metric.description, "passed") where datapoint.attributes["test"] == "pass"'),
        (LOG, 'set(log.severity_text, "FAIL") where log.body == "request failed"'),
        (LOG, 'replace_all_matches(log.attributes, "/user/*/list/*", "/user/{userId}/list/{listId}")'),
        (LOG, r'replace_all_patterns(log.attributes, "value", "/account/\\d{4}", "/account/{accountId}")'),
        (LOG, 'set(log.body, log.attributes["http.route"])'),
        (LOG, 'merge_maps(log.cache, ParseJSON(log.body), "upsert") where IsMatch(log.body, "^\\\\{")'),
        (LOG, 'set(log.attributes["level"], log.cache["level"])'),
        (LOG, 'delete_key(resource.attributes, "X-Tenant") where IsMatch(resource.attributes["X-Tenant"], ".*corp")'),
        (LOG, 'set(log.time, Time(log.attributes["at"], "%Y-%m-%d"))'),
        (
            LOG,
            'set(log.severity_number, SEVERITY_NUMBER_ERROR) where IsString(log.body) and IsMatch(log.body, "ERROR")',
        ),
    ],
)
def test_statements(kind: ContextKind, text: str) -> None:
    parse_statement(text, kind, clock=lambda: 0)
    assert infer_context([text], default=kind) is kind or "resource." in text
