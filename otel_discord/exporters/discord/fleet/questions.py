"""What replicas ask each other about a shard, as bytes: one list of what can be asked, with its types. Pure.

JSON with a version. Replicas of two versions live side by side during an upgrade: what a replica does not know, or says
in fields that it does not know, is refused with words that name its version; an answer may say more than is asked for.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final, Generic, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from otel_discord.component import EVERY_LETTER, LetterFilter, PermanentError, RetryableError, TestResult
from otel_discord.component.dead_letters import Letter, ReplayRequest, ReplayState
from otel_discord.component.errors import ComponentError
from otel_discord.component.maintenance import MaintenanceRequest, MaintenanceWindow
from otel_discord.component.online_check import OnlineResult
from otel_discord.component.silences import Silence, SilenceRequest
from otel_discord.component.watched_exporter import DestinationState, ShownMessage
from otel_discord.exporters.discord.dead_letters.letter import without_tokens

VERSION: Final = 1
UNKNOWN: Final = "unknown_question"
"""Reason of the error where another version was asked for more than it knows."""
A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some dead letters of one shard, oldest first, with ids above ``after_id``."""

    chosen: LetterFilter = EVERY_LETTER
    after_id: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeLetter:
    """A letter with what it takes to send it again: base64 of a ``DeadLetter``, None where it is damaged."""

    letter: Letter
    payload: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayStart:
    """``id`` is the asker's: asked twice, one replay begins. ``source`` is the shard that has the letters."""

    id: str
    request: ReplayRequest
    source: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayLook:
    """The next state of a replay, or the same one after ``wait_s`` without news."""

    id: str
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fares:
    """How a shard's destinations fare, and the alerts that fire there, as ``alerts_told`` writes them."""

    states: list[DestinationState] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)


class Method(Generic[A, R]):
    """One thing that can be asked: its name, what is said with it, and what comes back."""

    def __init__(self, name: str, asked: Any, told: Any) -> None:
        """``asked`` and ``told`` are types; None where nothing is said."""
        self.name = name
        self._asked_type = asked
        self._asked: TypeAdapter[A] = TypeAdapter(asked)
        self._told: TypeAdapter[R] = TypeAdapter(told)

    def question(self, argument: A) -> bytes:
        """Return the question's bytes."""
        return _dump({"v": VERSION, "do": self.name, "with": self._asked.dump_python(argument, mode="json")})

    def argument(self, said: Any) -> A:
        """Return what is said with a question.

        Raises:
            RetryableError: it says something that this version does not know; ``reason`` is ``UNKNOWN``.
        """
        strange = unknown_field(self._asked_type, said)
        if strange:
            raise _not_known(f"{strange} of {self.name}")
        try:
            return self._asked.validate_python(said)
        except ValidationError as error:
            raise _not_known(f"what is said with {self.name} ({error.error_count()} fields do not fit)") from None

    def answer(self, value: R) -> bytes:
        """Return the answer's bytes; webhook tokens are masked."""
        return without_tokens(_text({"v": VERSION, "told": self._told.dump_python(value, mode="json")})).encode()

    def exact_answer(self, value: R) -> bytes:
        """Return the answer's bytes as they are, of what is stored elsewhere as it is here."""
        return _dump({"v": VERSION, "told": self._told.dump_python(value, mode="json")})

    def told(self, body: bytes) -> R:
        """Return what was answered.

        Raises:
            PermanentError: that was the answer.
            RetryableError: that was the answer, or it cannot be understood.
        """
        said = _read(body)
        if "error" in said:
            raise _error(said)
        try:
            return self._told.validate_python(said["told"])
        except (KeyError, ValidationError):
            raise RetryableError(f"the answer to {self.name} cannot be understood", reason=UNKNOWN) from None


ADD_SILENCE: Final = Method[SilenceRequest, Silence]("silence/add", SilenceRequest, Silence)
EXPIRE_SILENCE: Final = Method[str, Silence]("silence/expire", str, Silence)
LIST_SILENCES: Final = Method[None, list[Silence]]("silence/list", None, list[Silence])
START_MAINTENANCE: Final = Method[MaintenanceRequest, MaintenanceWindow](
    "maintenance/start", MaintenanceRequest, MaintenanceWindow
)
END_MAINTENANCE: Final = Method[str, MaintenanceWindow]("maintenance/end", str, MaintenanceWindow)
LIST_MAINTENANCE: Final = Method[None, list[MaintenanceWindow]]("maintenance/list", None, list[MaintenanceWindow])
LETTERS: Final = Method[Page, list[Letter]]("letters/page", Page, list[Letter])
NEWEST_LETTERS: Final = Method[Page, list[Letter]]("letters/newest", Page, list[Letter])
LETTER: Final = Method[int, dict[str, Any] | None]("letters/show", int, dict[str, Any] | None)
COUNT_LETTERS: Final = Method[LetterFilter, int]("letters/count", LetterFilter, int)
WHOLE_LETTERS: Final = Method[Page, list[WholeLetter]]("letters/whole", Page, list[WholeLetter])
FORGET_LETTERS: Final = Method[list[int], int]("letters/forget", list[int], int)
PURGE_LETTERS: Final = Method[LetterFilter, int]("letters/purge", LetterFilter, int)
BURY_LANE: Final = Method[str, int]("letters/bury", str, int)
ORPHANED_LANES: Final = Method[None, list[str]]("letters/orphaned", None, list[str])
START_REPLAY: Final = Method[ReplayStart, None]("replay/start", ReplayStart, None)
LOOK_AT_REPLAY: Final = Method[ReplayLook, ReplayState]("replay/look", ReplayLook, ReplayState)
STOP_REPLAY: Final = Method[str, None]("replay/stop", str, None)
FARES: Final = Method[None, Fares]("fares", None, Fares)
MESSAGES: Final = Method[int, list[ShownMessage]]("messages", int, list[ShownMessage])
SEND_TEST: Final = Method[str, list[TestResult]]("test", str, list[TestResult])
CHECK_ONLINE: Final = Method[list[OnlineResult], list[OnlineResult]]("online", list[OnlineResult], list[OnlineResult])


def read_question(body: bytes) -> tuple[str, Any]:
    """Return the name of what is asked and what is said with it.

    Raises:
        RetryableError: it is of a later version, or no question at all; ``reason`` is ``UNKNOWN``.
    """
    said = _read(body)
    name, version = said.get("do"), said.get("v")
    if not isinstance(name, str) or not isinstance(version, int):
        raise _not_known("what is asked")
    if version > VERSION:
        raise _not_known(f"questions of version {version}")
    return name, said.get("with")


def no_such_method(name: str) -> RetryableError:
    """Return the error that refuses a question by its name."""
    return _not_known(f"{name[:80]!r}")


def error_answer(error: ComponentError) -> bytes:
    """Return the answer that raises the same error where it was asked."""
    kind = "permanent" if isinstance(error, PermanentError) else "retryable"
    said: dict[str, Any] = {"v": VERSION, "error": kind, "text": str(error), "reason": error.reason}
    if isinstance(error, RetryableError) and error.retry_after_s is not None:
        said["retry_after_s"] = error.retry_after_s
    return without_tokens(_text(said)).encode()


def unknown_field(kind: Any, said: Any, path: str = "") -> str:
    """Return the first field, as ``chosen.ids``, that a dataclass does not have; "" where it has them all."""
    if not is_dataclass(kind) or not isinstance(said, Mapping):
        return ""
    known = {each.name for each in fields(kind)}
    hints = get_type_hints(kind)
    for name, value in said.items():
        if name not in known:
            return f"the field {path}{name}"[:120]
        if deeper := unknown_field(hints[name], value, f"{path}{name}."):
            return deeper
    return ""


def _not_known(what: str) -> RetryableError:
    return RetryableError(
        f"the replica that was asked does not know {what}: it speaks version {VERSION}", reason=UNKNOWN
    )


def _error(said: Mapping[str, Any]) -> ComponentError:
    text, reason = str(said.get("text", "")), str(said.get("reason", ""))
    if said["error"] == "permanent":
        return PermanentError(text, reason=reason)
    delay_s = said.get("retry_after_s")
    return RetryableError(text, reason=reason, retry_after_s=delay_s if isinstance(delay_s, (int, float)) else None)


def _text(said: Mapping[str, Any]) -> str:
    return json.dumps(said, separators=(",", ":"))  # which also says infinite numbers and half characters


def _dump(said: Mapping[str, Any]) -> bytes:
    return _text(said).encode()


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise RetryableError("what another replica says is not JSON", reason=UNKNOWN)
    return said
