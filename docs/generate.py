# ruff: noqa: INP001 - a script, not a package
"""Writes the tables of docs/reference from the code: keys from the models, commands from click, reasons from the enum.

    python docs/generate.py            # rewrites what stands between the marks
    python docs/generate.py --check    # 1 where a page differs

A page is prose by hand; `<!-- generated: NAME -->` … `<!-- end -->` is replaced by what NAME gives. Keys whose function
comes with a later release are marked *later*; which those are is said in LATER.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from otel_discord.cli.commands import cli
from otel_discord.component import Kind
from otel_discord.config import Secret, format_duration
from otel_discord.config.fit import members_of
from otel_discord.config.key_docs import key_docs
from otel_discord.discord_api.outcome_types import Reason
from otel_discord.discord_api.outcomes import (
    _BUSY_CODES,
    _GONE_CODES,
    _GONE_STATUSES,
    _REFUSED_CODES,
    _TRY_AGAIN_STATUSES,
)
from otel_discord.discord_api.retry_after import SHARED_CODES
from otel_discord.exporters.discord.render_names import VALUES as KINDS_VALUES
from otel_discord.exporters.discord.render_values import NAMES
from otel_discord.service.config import ServiceConfig
from otel_discord.service.registry import Registry
from otel_discord.signals import parse_min_severity, severity_range

DOCS: Final = Path(__file__).parent
MARK: Final = re.compile(r"(<!-- generated: ([a-z0-9_ /-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
LATER: Final = frozenset(
    {
        "exporter otlp_grpc sending_queue.storage",
    }
)  # fmt: skip
"""Sections and keys that are accepted and checked, but not in force yet."""
PAGES: Final = {
    "connector heartbeat": "heartbeat-connector.md",
    "connector forward": "forward-connector.md",
    "connector count": "count-connector.md",
    "connector routing": "routing-connector.md",
    "connector threshold": "threshold-connector.md",
    "connector slow_spans": "slow-spans-connector.md",
    "connector exceptions": "exceptions-connector.md",
    "exporter discord": "discord-exporter.md",
    "exporter debug": "debug-exporter.md",
    "exporter file": "file-exporter.md",
    "exporter otlp_grpc": "otlp-grpc-exporter.md",
    "processor attributes": "attributes-processor.md",
    "processor resource": "resource-processor.md",
    "processor batch": "batch-processor.md",
    "processor filter": "filter-processor.md",
    "processor transform": "transform-processor.md",
    "processor memory_limiter": "memory-limiter-processor.md",
    "processor probabilistic_sampler": "probabilistic-sampler-processor.md",
    "processor log_dedup": "log-dedup-processor.md",
    "processor redaction": "redaction.md",
    "receiver otlp": "otlp-receiver.md",
    "receiver alertmanager_webhook": "alertmanager-webhook-receiver.md",
    "receiver host_metrics": "host-metrics-receiver.md",
    "extension bearer_token_auth": "bearer-token-auth.md",
    "extension db_storage": "db-storage.md",
    "extension file_storage": "file-storage.md",
    "extension health_check": "health-check.md",
    "extension run_channels": "run-channels.md",
    "extension status_page": "status-page.md",
    "service": "service.md",
}
"""Which page has the keys of which component; nop, which has none, is in nop.md."""


# --------------------------------------------------------------------------------------------------- keys of models
def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo, str]]:
    """Yield ``(path, field, meaning)`` for each key that takes a value; maps of sections get ``<name>``."""
    docs = key_docs(model)
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        inner = [(m, suffix) for m, suffix in _sections(field.annotation)]
        if not inner:
            yield path, field, docs.get(name, "")
        for section, suffix in inner:
            if suffix or field.is_required() or field.default is None:
                yield f"{path}{suffix}", field, docs.get(name) or _first_line(section)
            yield from leaves(section, f"{path}{suffix}.")


def _sections(annotation: Any) -> Iterator[tuple[type[BaseModel], str]]:
    for member in members_of(annotation):
        if isinstance(member, type) and get_origin(member) is None and issubclass(member, BaseModel):
            yield member, ""
            continue
        origin, arguments = get_origin(member), get_args(member)
        if origin is dict:
            yield from ((section, f".<name>{rest}") for section, rest in _sections(arguments[1]))
        elif origin in (tuple, list):
            yield from ((section, f"[]{rest}") for section, rest in _sections(arguments[0]))


def key_table(what: str, model: type[BaseModel]) -> str:
    """Return the keys of a component as a Markdown table."""
    rows = [
        (f"`{path}`", _default(field), _mark(what, path) + _meaning(field, words))
        for path, field, words in leaves(model)
    ]
    return _table(("key", "default", "meaning"), rows) if rows else "It has no keys.\n"


def is_later(what: str, path: str) -> bool:
    """Return whether a key's function comes with a later release."""
    full = f"{what} {path}"
    return any(full == each or full.startswith((f"{each}.", f"{each}[")) for each in LATER)


def _mark(what: str, path: str) -> str:
    return "*later:* " if is_later(what, path) else ""


def _meaning(field: FieldInfo, said: str) -> str:
    words = " ".join(said.replace("``", "`").split())
    choices = [str(choice) for choice in _choices(field.annotation)]
    if choices and not all(choice in words for choice in choices):
        words = f"{words} One of {', '.join(f'`{choice}`' for choice in choices)}.".strip()
    return words


def _choices(annotation: Any) -> Iterator[Any]:
    for member in members_of(annotation):
        if get_origin(member) is Literal:
            yield from get_args(member)
        elif isinstance(member, type) and issubclass(member, Enum):
            yield from (each.value for each in member)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None or field.default in (None, "", (), {}, Secret("")):
        return ""
    value = field.default
    if any(each is parse_min_severity for each in (getattr(m, "func", None) for m in field.metadata)):
        return f"`{severity_range(value).name}`"
    if any(getattr(each, "func", None) is format_duration for each in field.metadata):
        return f"`{format_duration(value)}`"
    return _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Enum):
        return f"`{value.value}`"
    if isinstance(value, BaseModel):
        return ""
    if isinstance(value, tuple):
        return ", ".join(_shown(item) for item in value if not isinstance(item, BaseModel)) or "see below"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"`{value}`" if value != "" else '`""`'


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().split("\n\n")[0]


# ---------------------------------------------------------------------------------------------------------- commands
def command_pages() -> str:
    """Return every command with its arguments and options."""
    context = click.Context(cli, info_name="otel-discord", **cli.context_settings)
    parts = [f"## otel-discord\n\n{_help(cli)}\n\n{_options(cli, context)}"]
    parts += _commands(cli, context, "")
    return "\n".join(parts)


def _commands(group: click.Group, context: click.Context, before: str) -> Iterator[str]:
    """Yield the part of each command; a group's own commands follow it."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        path = f"{before}{name}"
        usage = " ".join(["otel-discord", path, *command.collect_usage_pieces(inner)])
        parts = [f"## {path}", f"`{usage}`", _help(command), *_examples(command), _options(command, inner)]
        yield "\n\n".join(parts)
        if isinstance(command, click.Group):
            yield from _commands(command, inner, f"{path} ")


def _help(command: click.Command) -> str:
    return " ".join((command.help or "").split())


def _examples(command: click.Command) -> Iterator[str]:
    """Yield the examples that a command's help ends with, as one block."""
    lines = [line.strip() for line in (command.epilog or "").splitlines() if line.startswith("  ")]
    if lines:
        yield "\n".join(["```sh", *lines, "```"])


def _options(command: click.Command, context: click.Context) -> str:
    rows = []
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            record = parameter.get_help_record(context)
            names, words = record or ("", "")
            rows.append((f"`{names}`", " ".join(words.split())))
    return _table(("option", "meaning"), rows)


# ----------------------------------------------------------------------------------------------------------- reasons
def reason_table() -> str:
    """Return each reason with what its code says; the page explains what follows."""
    rows = [(f"`{reason}`", WORDS[reason][0], _answers(reason), WORDS[reason][1]) for reason in Reason]
    return _table(("reason", "when", "answers of Discord", "what we do"), rows)


def _answers(reason: Reason) -> str:
    statuses = [str(status) for status, each in {**_GONE_STATUSES, **_TRY_AGAIN_STATUSES}.items() if each is reason]
    statuses = [*STATUSES.get(reason, ()), *statuses]
    codes = [str(code) for code, each in {**_REFUSED_CODES, **_GONE_CODES}.items() if each is reason]
    codes += [
        str(code)
        for code in sorted({Reason.RATE_LIMITED: SHARED_CODES, Reason.SERVER_ERROR: _BUSY_CODES}.get(reason, ()))
    ]
    return "; ".join(
        [*([f"status {', '.join(statuses)}"] if statuses else []), *([f"code {', '.join(codes)}"] if codes else [])]
    )


STATUSES: Final[Mapping[Reason, tuple[str, ...]]] = {
    Reason.BAD_REQUEST: ("4xx without a row of its own",),
    Reason.TOO_LARGE: ("413",),
    Reason.RATE_LIMITED: ("429",),
    Reason.SERVER_ERROR: ("500–599",),
    Reason.BAD_ANSWER: ("1xx, 3xx, a page instead of JSON",),
}
_ENDED: Final = "not one more request until the service starts anew; its records go to `fallback`, else to dead letters"
_BURIED: Final = (
    "not one more request, also after a restart, until the URL changes or `validate --online` finds it well; its"
    " records go to `fallback`, else to dead letters"
)
_DIVIDED: Final = "the message is sent in halves, until the card that causes it ends alone"
_AGAIN: Final = "sent again after a backoff; then the circuit breaker waits, and no record is lost"
_TWICE: Final = f"{_AGAIN}; the message may be there already, and then says that it was repeated"
WORDS: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.INVALID_FORM: (
        "the form has errors, named by path",
        "once more without what is named; an embed refused again ends alone",
    ),
    Reason.EMPTY_MESSAGE: ("nothing that Discord would show", _DIVIDED),
    Reason.CONTENT_BLOCKED: ("AutoMod or a filter for links refuses it", _DIVIDED),
    Reason.BAD_REQUEST: ("refused without a reason that we know", _DIVIDED),
    Reason.TOO_LARGE: ("more bytes than this channel takes", "sent without files, then in halves"),
    Reason.UNAUTHORIZED: ("the webhook's token is wrong or was renewed", _BURIED),
    Reason.FORBIDDEN: ("Discord forbids it", _ENDED),
    Reason.NOT_FOUND: ("the webhook or its channel is gone", _BURIED),
    Reason.MESSAGE_GONE: (
        "the message to edit is gone, the webhook is well",
        "what it did not show yet becomes a new message",
    ),
    Reason.MISCONFIGURED: ("a forum without a thread name, an archived thread: settings must change", _ENDED),
    Reason.RATE_LIMITED: (
        "too much at once, ours or a neighbour's",
        "wait as told, then send; costs no attempt and no record",
    ),
    Reason.SERVER_ERROR: ("Discord fails", _TWICE),
    Reason.TIMEOUT: ("no answer within `timeout`", f"{_TWICE} (not where nothing had gone out)"),
    Reason.CONNECTION: ("refused, reset, no such name, TLS", f"{_TWICE} (not where nothing had gone out)"),
    Reason.BAD_ANSWER: ("something on the way answers, not Discord", _AGAIN),
    Reason.SHUTDOWN: ("the service ended before it could be sent, and nothing kept it", "a dead letter"),
    Reason.AMBIGUOUS: (
        "the service ended while it was on its way, and `delivery` is `at_most_once`",
        "a dead letter: it may be in Discord",
    ),
    Reason.EXPIRED: ("it waited longer than `max_age`", "a dead letter"),
    Reason.NO_DESTINATION: ("its destination is not configured any more", "a dead letter, by `dead-letters bury`"),
    Reason.POISON: (
        "the process ended three times in a row with it, and so did one in which it was tried",
        "a dead letter",
    ),
}  # fmt: skip
"""For each reason: when it is given, and what follows (outcomes.py and delivery.py in words)."""


# ------------------------------------------------------------------------------------------------ values of templates
def value_table() -> str:
    """Return the names that templates of records see, with what they mean."""
    return _table(("name", "value"), [(f"`{name}`", VALUES.get(name, "")) for name in sorted(NAMES)])


def kinds_table() -> str:
    """Return the names that templates of other kinds see."""
    names = {family: sorted(known) for family, known in KINDS_VALUES.items() if family != "record"}
    return _table(
        ("templates of", "values"), [(kind, ", ".join(f"`{each}`" for each in names[kind])) for kind in names]
    )


VALUES: Final[Mapping[str, str]] = {
    "attr": "`attr('order.id', 'none')`: an attribute of the record",
    "attributes": "list of `{key, name, value}`, as many as `limits.attributes`",
    "body": "the message without what the title says",
    "color": "of the severity, a number",
    "count": "how many records the card stands for",
    "count_mark": "`×412 `, empty for one",
    "dropped_attributes_count": "attributes that the SDK dropped",
    "emoji": "of the severity",
    "environment": "`deployment.environment.name`",
    "event_name": "of the record",
    "exception_message": "of the exception, empty without one",
    "exception_type": "of the exception, empty without one",
    "files": "list of the labels of the files that go along",
    "first_seen": "nanoseconds since 1970",
    "footer": "`render.footer` of the configuration",
    "history": "what is known of this problem from before",
    "host": "`host.name`, or what stands for it",
    "last_seen": "nanoseconds since 1970",
    "late_mark": "`2 h late`, empty where that is not worth a word",
    "link_line": "all links on one line",
    "links": "list of `{name, url}`",
    "location": "file, line and function",
    "namespace": "`service.namespace`",
    "new_mark": "that the problem is new",
    "notes": "list of remarks for the reader, such as why a file is missing",
    "pairs": "list of `(name, value)`: what tells this record from others",
    "repeated_mark": "that an earlier try may have arrived",
    "resource": "list of `{key, value}`, as many as `limits.resource_attributes`",
    "resource_attr": "`resource_attr('service.version')`: an attribute of the resource",
    "run": "`run build-42 #1 (ab12)`, of a record that names a run and is not in its channel",
    "samples": "list of what differs in further messages: `'5 %'`, `48216`",
    "scope": "name of the instrumentation scope",
    "scope_version": "its version",
    "seen": "`first … · last …` of a card for more than one record",
    "service": "`service.name`",
    "service_version": "`service.version`",
    "severity": "in words",
    "severity_number": "from 1 to 24, 0 where unknown",
    "span_id": "in hex, or empty",
    "time": "of the record, else when it came; nanoseconds since 1970, 0 where no times are shown",
    "title": "what happened, on one line",
    "trace": "the stack trace's most telling part",
    "trace_id": "in hex, or empty",
    "trace_language": "of the stack trace, for a code block",
    "when": "the time as Discord shows it, of a card for one record",
}
"""For each name of a template's values: what it is. `limits` are those of the template."""


# ------------------------------------------------------------------------------------------------------------- pages
def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def generated() -> dict[str, Callable[[], str]]:
    """Return what each mark stands for."""
    registry = Registry.from_entry_points()
    makers: dict[str, Callable[[], str]] = {
        "commands": command_pages,
        "reasons": reason_table,
        "template values": value_table,
        "template values of kinds": kinds_table,
    }
    for what in PAGES:
        if what == "service":
            makers["service"] = lambda: key_table("service", ServiceConfig)
            continue
        kind, _, name = what.partition(" ")
        model = registry.factory(Kind(kind), name).config
        makers[what] = lambda what=what, model=model: key_table(what, model)  # type: ignore[misc]
    return makers


def rewritten(text: str, makers: Mapping[str, Callable[[], str]]) -> str:
    """Return a page with everything between marks made anew.

    Raises:
        KeyError: a mark with a name that nothing is made for.
    """
    return MARK.sub(lambda match: f"{match[1]}\n{makers[match[2]]()}\n{match[3]}", text)


def main() -> int:
    """Rewrite the pages, or with ``--check`` only say which differ."""
    makers = generated()
    stale = []
    for page in sorted((DOCS / "reference").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        new = rewritten(text, makers)
        if new == text:
            continue
        stale.append(page.name)
        if "--check" not in sys.argv:
            page.write_text(new, encoding="utf-8")
    if stale:
        sys.stdout.write(f"{'differ' if '--check' in sys.argv else 'rewritten'}: {', '.join(stale)}\n")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
