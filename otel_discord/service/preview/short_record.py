"""Log records in a short form that people write: for the samples of a preview and for tests of templates. Pure.

``{body, severity, service, attributes, event_name, exception: {type, message, stacktrace}, resource, scope, trace_id,
span_id, age}``; everything is optional. In texts ``{n}`` is the number of a repeat and
``{word}`` a word of its own for each; ``{ago 12m}`` is the time 12 minutes before, a text that is ``{unix 12m}`` the
same in Unix seconds, and ``{before 12m}`` the time 12 minutes before the first record of all.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from pydantic import Field, field_validator, model_validator

from otel_discord.config import Duration, StrictModel
from otel_discord.config.duration import parse_duration
from otel_discord.signals import LogsBatch, Severity
from otel_discord.signals.from_plain import from_plain
from otel_discord.signals.severity import parse_min_severity, severity_from_text, severity_range

_NUMBER: Final = "{n}"
_WORD: Final = "{word}"
_WORDS: Final = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "heath",
    "inlet",
    "juniper",
    "kelp",
    "lagoon",
    "maple",
    "nectar",
    "orchid",
    "pebble",
    "quartz",
    "reed",
    "sable",
    "tundra",
    "umber",
    "violet",
    "willow",
    "xenon",
    "yarrow",
    "zephyr",
]
_AGO: Final = re.compile(r"\{(?P<form>ago|unix|before) (?P<time>[0-9.hms]+)\}")


class ExceptionForm(StrictModel):
    """An exception of a record."""

    type: str = ""
    message: str = ""
    stacktrace: str = ""
    escaped: bool | None = None

    def attributes(self) -> dict[str, Any]:
        """Return them under the names of the semantic conventions."""
        named = {
            "exception.type": self.type,
            "exception.message": self.message,
            "exception.stacktrace": self.stacktrace,
            "exception.escaped": self.escaped,
        }
        return {name: value for name, value in named.items() if value not in ("", None)}


class ShortRecord(StrictModel):
    """One log record as people write it down."""

    body: Any = ""
    """Text, or a map."""
    severity: int = int(Severity.ERROR)
    """A name (`ERROR`) or a number."""
    severity_text: str = ""
    service: str = ""
    """`service.name` of the resource."""
    environment: str = ""
    """`deployment.environment.name` of the resource."""
    attributes: dict[str, Any] = Field(default_factory=dict)
    resource: dict[str, Any] = Field(default_factory=dict)
    """Further attributes of the resource."""
    scope: str = ""
    """Name of the logger."""
    event_name: str = ""
    exception: ExceptionForm | None = None
    trace_id: str = Field(default="", pattern=r"^([0-9a-fA-F]{32})?$")
    span_id: str = Field(default="", pattern=r"^([0-9a-fA-F]{16})?$")
    age: Duration = 0.0
    """How long ago it happened."""

    @model_validator(mode="before")
    @classmethod
    def _severity_as_text(cls, data: Any) -> Any:
        """Take the text for the severity where only that is written."""
        if isinstance(data, Mapping) and data.get("severity_text") and "severity" not in data:
            found = severity_from_text(str(data["severity_text"]))
            return {**data, "severity": int(found)} if found else data
        return data

    @field_validator("severity", mode="before")
    @classmethod
    def _number(cls, value: object) -> int:
        return parse_min_severity(value)

    def batch(
        self, now_ns: int, *, begun_ns: int = 0, first: int = 0, count: int = 1, spacing_ns: int = 0
    ) -> LogsBatch:
        """Return ``count`` of it, numbered from ``first`` where texts hold ``{n}``, ``spacing_ns`` apart until now."""
        request = ExportLogsServiceRequest()
        now = (now_ns, begun_ns or now_ns)
        named = {"service.name": self.service, "deployment.environment.name": self.environment}
        whose = {**{key: value for key, value in named.items() if value}, **self.resource}
        of_one = "{" not in "".join(str(value) for value in whose.values())
        attributes = {**(self.exception.attributes() if self.exception is not None else {}), **self.attributes}
        for place in range(count):
            number = first + place
            at_ns = now_ns - int(self.age * 1e9) - (count - 1 - place) * spacing_ns
            if not place or not of_one:
                resource = request.resource_logs.add()
                resource.resource.attributes.extend(_pairs(_filled(whose, number, now)))
                scope = resource.scope_logs.add()
                scope.scope.name = self.scope
            scope.log_records.add(
                time_unix_nano=at_ns,
                observed_time_unix_nano=at_ns,
                severity_number=self.severity,
                severity_text=self.severity_text or (severity_range(self.severity).name if self.severity else ""),
                body=from_plain(_filled(self.body, number, now)),
                attributes=_pairs(_filled(attributes, number, now)),
                event_name=self.event_name,
                trace_id=bytes.fromhex(self.trace_id),
                span_id=bytes.fromhex(self.span_id),
            )
        return LogsBatch(request)


def _pairs(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=str(key), value=from_plain(value)) for key, value in attributes.items()]


def _filled(value: Any, number: int, now: tuple[int, int]) -> Any:
    match value:
        case str():
            return _text(value, number, now)
        case Mapping():
            return {str(key): _filled(item, number, now) for key, item in value.items()}
        case list() | tuple():
            return [_filled(item, number, now) for item in value]
        case None | bool() | int() | float() | bytes():
            return value
        case _:  # a date of YAML is text to people
            return str(value)


def _text(text: str, number: int, now: tuple[int, int]) -> str | int:
    whole = _AGO.fullmatch(text)
    if whole is not None and whole["form"] == "unix":
        return _ago_s(whole["time"], now[0])

    def told(match: re.Match[str]) -> str:
        since_ns = now[1] if match["form"] == "before" else now[0]
        return datetime.fromtimestamp(_ago_s(match["time"], since_ns), UTC).isoformat().replace("+00:00", "Z")

    if "{" not in text:
        return text
    return _AGO.sub(told, text).replace(_NUMBER, str(number)).replace(_WORD, _words(number))


def _words(number: int) -> str:
    """Return another word for each number: ``amber``, …, ``birch-amber``."""
    rest, place = divmod(number, len(_WORDS))
    return f"{_words(rest - 1)}-{_WORDS[place]}" if rest else _WORDS[place]


def _ago_s(text: str, now_ns: int) -> int:
    return now_ns // 1_000_000_000 - round(parse_duration(text))
