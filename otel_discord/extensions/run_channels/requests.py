"""What callers ask for, checked: the same rules for JSON and for protobuf messages. Pure functions.

Everything that is wrong is said at once, by the JSON name of the field; values are never repeated.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from otel_discord._proto.run_channels_pb2 import CreateRunRequest
from otel_discord.config.nearest import did_you_mean
from otel_discord.discord_api.webhook_url import is_snowflake
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import NewRun, RunKey
from otel_discord.templating.text import neutralise

MAX_TASK_ID_CHARS: Final = 100
MAX_SHORT_ID_CHARS: Final = 40
SHORT_ID_PATTERN: Final = "^[A-Za-z0-9._-]{1,40}$"
MAX_ATTEMPT: Final = 1_000_000
MAX_TITLE_CHARS: Final = 100
MAX_METADATA_ENTRIES: Final = 20
MAX_METADATA_KEY_CHARS: Final = 64
MAX_METADATA_VALUE_CHARS: Final = 512
MAX_OUTCOME_CHARS: Final = 100

CREATE_FIELDS: Final = ("taskId", "attempt", "shortId", "guildId", "retentionHours", "title", "metadata")
FINALIZE_FIELDS: Final = ("outcome",)

_SHORT_ID_CHARS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_MAX_UNKNOWN_FIELDS: Final = 20
_SHOWN_KEY_CHARS: Final = 64


def parse_create(body: object, *, max_retention_hours: int) -> NewRun:
    """Return the run that a JSON document (already parsed, of any type) asks for.

    Raises:
        RunProblem: INVALID; ``fields`` names each wrong or missing field.
    """
    check = _Check(_as_object(body))
    check.refuse_unknown(CREATE_FIELDS)
    key = RunKey(
        task_id=check.task_id(),
        attempt=check.whole_number("attempt", MAX_ATTEMPT),
        short_id=check.short_id(),
        guild_id=check.guild_id(),
    )
    retention_hours = check.whole_number("retentionHours", max_retention_hours) if check.has("retentionHours") else None
    title = check.text("title", MAX_TITLE_CHARS)
    metadata = check.metadata()
    check.raise_if_wrong("The run cannot be created as asked")
    return NewRun(key=key, retention_hours=retention_hours, title=title, metadata=metadata)


def parse_finalize(body: object) -> str:
    """Return the outcome that a JSON document names, "" where it names none; no document at all is None.

    Raises:
        RunProblem: INVALID; ``fields`` names each wrong field.
    """
    check = _Check(_as_object(body if body is not None else {}))
    check.refuse_unknown(FINALIZE_FIELDS)
    outcome = check.text("outcome", MAX_OUTCOME_CHARS)
    check.raise_if_wrong("The run cannot be finalized as asked")
    return outcome


def fields_of_create(message: CreateRunRequest) -> dict[str, object]:
    """Return the fields of a message as :func:`parse_create` takes them; an empty text counts as missing.

    An ``attempt`` that is not set is 0, as proto3 has it.
    """
    texts = {"taskId": message.task_id, "shortId": message.short_id, "guildId": message.guild_id}
    fields: dict[str, object] = {name: text for name, text in texts.items() if text}
    fields["attempt"] = message.attempt
    if message.HasField("retention_hours"):
        fields["retentionHours"] = message.retention_hours
    fields["title"] = message.title
    fields["metadata"] = dict(message.metadata)
    return fields


def channel_id_problem(channel_id: str) -> str:
    """Return what is wrong with the id of a channel, "" where it can be one."""
    return "" if is_snowflake(channel_id) else "must be a Discord id: digits only"


def clean_line(text: str) -> str:
    """Return the text on one line, without control and invisible characters."""
    return " ".join(neutralise(text).split())


@dataclass(slots=True)
class _Check:
    given: Mapping[object, object]
    wrong: dict[str, str] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return self.given.get(name) is not None

    def refuse_unknown(self, known: Collection[str]) -> None:
        unknown = [key for key in self.given if not isinstance(key, str) or key not in known]
        for key in unknown[:_MAX_UNKNOWN_FIELDS]:
            shown = clean_line(str(key))[:_SHOWN_KEY_CHARS]
            self.wrong[shown] = "; ".join(filter(None, ("is not a field of this request", did_you_mean(shown, known))))
        if len(unknown) > _MAX_UNKNOWN_FIELDS:
            self.wrong["…"] = f"{len(unknown) - _MAX_UNKNOWN_FIELDS:,} more that are no fields of this request"

    def task_id(self) -> str:
        text = self._required_text("taskId", MAX_TASK_ID_CHARS)
        if text and (not text.isprintable() or neutralise(text) != text or text != text.strip()):
            self.wrong["taskId"] = "must hold no control or invisible characters, and no blanks around it"
        return text

    def short_id(self) -> str:
        text = self._required_text("shortId", MAX_SHORT_ID_CHARS)
        if not _SHORT_ID_CHARS.issuperset(text):
            self.wrong["shortId"] = f"must be 1 to {MAX_SHORT_ID_CHARS} letters (a-z, A-Z), digits, '.', '_' and '-'"
        return text

    def guild_id(self) -> str:
        value = self.given.get("guildId")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self.wrong["guildId"] = (
                'must be a string in quotes: as a JSON number an id loses digits ("1234…", not 1234…)'
            )
            return ""
        text = self._required_text("guildId", 20)
        if text and not is_snowflake(text):
            self.wrong["guildId"] = "must be the id of a Discord server: digits only, as 'Copy Server ID' gives it"
        return text

    def whole_number(self, name: str, most: int) -> int:
        value = self.given.get(name)
        if value is None:
            self.wrong[name] = f"is missing; must be a whole number from 0 to {most:,}"
        elif not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            self.wrong[name] = f"must be a whole number from 0 to {most:,}"
        else:
            return value
        return 0

    def text(self, name: str, most_chars: int) -> str:
        value = self.given.get(name)
        if value is None:
            return ""
        line = clean_line(value) if isinstance(value, str) else None
        if line is None or len(line) > most_chars:
            self.wrong[name] = f"must be a string of at most {most_chars} characters"
            return ""
        return line

    def metadata(self) -> dict[str, str]:
        value = self.given.get("metadata")
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.wrong["metadata"] = "must be an object of strings"
            return {}
        if len(value) > MAX_METADATA_ENTRIES:
            self.wrong["metadata"] = f"must have at most {MAX_METADATA_ENTRIES} entries; it has {len(value):,}"
            return {}
        cleaned: dict[str, str] = {}
        for raw_key, raw_value in value.items():
            key = clean_line(str(raw_key))
            path = f"metadata.{key[:MAX_METADATA_KEY_CHARS]}"
            if not 1 <= len(key) <= MAX_METADATA_KEY_CHARS:
                self.wrong[path] = f"must have a name of 1 to {MAX_METADATA_KEY_CHARS} visible characters"
            elif key in cleaned:
                self.wrong[path] = "is there twice, once with invisible characters"
            elif not isinstance(raw_value, str) or len(line := clean_line(raw_value)) > MAX_METADATA_VALUE_CHARS:
                self.wrong[path] = f"must be a string of at most {MAX_METADATA_VALUE_CHARS} characters"
            else:
                cleaned[key] = line
        return cleaned

    def raise_if_wrong(self, what: str) -> None:
        if self.wrong:
            said = "; ".join(f"{name} {problem}" for name, problem in list(self.wrong.items())[:5])
            more = f"; and {len(self.wrong) - 5} more" if len(self.wrong) > 5 else ""
            raise RunProblem(Code.INVALID, f"{what}: {said}{more}", fields=self.wrong)

    def _required_text(self, name: str, most_chars: int) -> str:
        value = self.given.get(name)
        if value is None:
            self.wrong[name] = f"is missing; must be a string of 1 to {most_chars} characters"
        elif not isinstance(value, str) or not 1 <= len(value) <= most_chars:
            self.wrong[name] = f"must be a string of 1 to {most_chars} characters"
        else:
            return value
        return ""


def _as_object(body: object) -> Mapping[object, object]:
    if isinstance(body, Mapping):
        return body
    raise RunProblem(Code.INVALID, "The body must be a JSON object", fields={"": "must be a JSON object"})
