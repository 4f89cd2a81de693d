"""Silences: mutes that drop what matches until they end, what is critical too. Pure.

Matchers are read as :mod:`.matcher_text` says, and look where those of :mod:`.matchers` look: at the attributes of the
record (an alert's labels are such), then of its resource. ``alert.name`` and ``alertname`` are the same. ``severity``
is the word of the alert (``warning``, ``critical``), or of the record, where ``error`` means ERROR to ERROR4.
"""

from collections.abc import Iterable
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.mutes.book import MuteBook
from otel_discord.exporters.discord.mutes.matcher_text import ALERT_NAME, Comparison, read_matchers
from otel_discord.exporters.discord.mutes.matchers import Matcher, of_severity, reader, text_test
from otel_discord.exporters.discord.mutes.mute import MAX_MATCHERS, Action, Mute, Which
from otel_discord.exporters.discord.mutes.periods import Once, Period
from otel_discord.exporters.discord.mutes.severity_word import severity_test
from otel_discord.ottl import LogItem
from otel_discord.signals.alert_event import AlertState, alert_event, is_alert

_EMPTY: Final = LogItem(LogRecord(), InstrumentationScope(), Resource())
_HIGHEST_SEVERITY: Final = 24
_ORDER: Final = frozenset({"<", "<=", ">", ">="})


def outlasts_silences(record: LogRecord) -> bool:
    """Return whether a record is shown whatever is silenced: the end of an alert, whose message may be in Discord."""
    if not is_alert(record):
        return False
    event = alert_event(record)
    return event is not None and event.state is AlertState.RESOLVED


def silence_which(matchers: tuple[str, ...], conditions: tuple[str, ...] = ()) -> Which:
    """Compile the matchers of a silence; each text may have several.

    Raises:
        ValueError: one cannot be read (says where, and what was expected), there are too many, or all of them hold
            for a record that has none of what they name.
    """
    if conditions:
        raise ValueError("a silence has matchers and no conditions")
    compiled = [_matcher(each) for text in matchers for each in read_matchers(text)]
    if len(compiled) > MAX_MATCHERS:
        raise ValueError(f"a silence has at most {MAX_MATCHERS} matchers")
    if _mean_everything(compiled):
        raise ValueError(
            "expected a matcher that needs something to be there, such as service.name=shop: these hold for every"
            " record that has nothing of the kind"
        )
    return Which(matchers=tuple(compiled))


def silence(silence_id: str, matchers: tuple[str, ...], period: Period, *, comment: str = "", author: str = "") -> Mute:
    """Return a silence.

    Raises:
        ValueError: as :func:`silence_which`.
    """
    which = silence_which(matchers)
    return Mute(
        id=silence_id,
        name=str(which),
        which=which,
        when=Once(period),
        action=Action.DROP,
        critical=True,
        comment=comment,
        author=author,
    )


def silence_book() -> MuteBook:
    """Return a book for silences."""
    return MuteBook(which_of=silence_which)


def _matcher(comparison: Comparison) -> Matcher:
    name, operator, value = comparison
    text = str(comparison)
    if name == "severity":
        if operator in _ORDER:
            return of_severity(text, operator, value)
        return Matcher(text, severity_test(operator, value, text))
    if operator in _ORDER:
        raise ValueError(f"{text!r}: expected =, !=, =~ or !~; only severity can be compared with {operator}")
    read = _alert_name if name in {ALERT_NAME, "alertname"} else reader(name)
    return Matcher(text, text_test(read, operator, value, text))


def _alert_name(item: LogItem) -> str:
    return reader(ALERT_NAME)(item) or reader("alertname")(item)


def _mean_everything(matchers: Iterable[Matcher]) -> bool:
    """Return whether records that have nothing are meant, of whatever severity."""
    return all(matcher.test(_EMPTY, severity) for matcher in matchers for severity in (0, _HIGHEST_SEVERITY))
