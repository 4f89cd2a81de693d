"""What replicas tell each other through the table, beside the runs: JSON by key. Pure.

Nothing of it is secret: whoever needs a webhook's address has it from the run.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

from otel_discord.component.destination_source import Tally
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import NewRun, RunKey
from otel_discord.extensions.run_channels.tallies import plain_tally, tally_of

LEADER: Final = "leader"
"""Who leads, and whether it is ready."""
REPLICA: Final = "replica/"
"""``replica/<replica>``: it lives; the value changes again and again."""
WISH: Final = "wish/"
"""``wish/<number>``: what somebody asks for, until the leader puts its answer there."""
COUNT: Final = "count/"
"""``count/<run>/<replica>/<number>``: what a replica has counted for a run, until the leader has added it."""
GONE: Final = "gone/"
"""``gone/<run>/<replica>``: Discord takes nothing any more at a run's webhook."""
DRAIN: Final = "drain/"
"""``drain/<run>``: every replica is to say when nothing of a run is on its way there any more."""
DRAINED: Final = "drained/"
"""``drained/<run>/<replica>``: it says so, with the value of the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateWish:
    """A run is asked for."""

    wanted: NewRun
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizeWish:
    """A run is to end."""

    channel_id: str
    outcome: str
    by: str
    guilds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a wish. The run itself is in the table; "" where the channel is in nobody's book."""

    run_id: str = ""
    is_new: bool = False
    is_cleaned: bool = False
    problem: RunProblem | None = None


Wish: TypeAlias = CreateWish | FinalizeWish


def encode_wish(wish: Wish) -> bytes:
    """Return a wish as bytes."""
    if isinstance(wish, FinalizeWish):
        return _json({"finalize": asdict(wish)})
    wanted = wish.wanted
    plain = {
        "key": asdict(wanted.key),
        "retention_hours": wanted.retention_hours,
        "title": wanted.title,
        "metadata": dict(wanted.metadata),
    }
    return _json({"create": plain, "by": wish.by})


def encode_answer(answer: Answer) -> bytes:
    """Return an answer as bytes."""
    plain: dict[str, Any] = {"run_id": answer.run_id, "is_new": answer.is_new, "is_cleaned": answer.is_cleaned}
    if answer.problem is not None:
        problem = answer.problem
        plain["problem"] = {
            "code": problem.code.value,
            "message": str(problem),
            "fields": problem.fields,
            "retry_after_s": problem.retry_after_s,
        }
    return _json({"answer": plain})


def decode_wish(value: bytes) -> Wish | Answer | None:
    """Return what a value under :data:`WISH` says; None where that cannot be read, as of a later release."""
    try:
        plain = json.loads(value)
        if "create" in plain:
            create = plain["create"]
            return CreateWish(wanted=NewRun(**{**create, "key": RunKey(**create["key"])}), by=str(plain["by"]))
        if "finalize" in plain:
            finalize = plain["finalize"]
            return FinalizeWish(**{**finalize, "guilds": tuple(finalize["guilds"])})
        answer = plain["answer"]
        problem = answer.pop("problem", None)
        return Answer(**answer, problem=_problem(problem) if problem is not None else None)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def encode_count(tally: Tally) -> bytes:
    """Return counts as bytes."""
    return _json(plain_tally(tally))


def decode_count(value: bytes) -> Tally | None:
    """Return counts; None where they cannot be read."""
    try:
        return tally_of(json.loads(value))
    except (ValueError, TypeError):
        return None


def encode_leader(replica: str, *, is_ready: bool) -> bytes:
    """Return who leads as bytes."""
    return _json({"replica": replica, "is_ready": is_ready})


def is_leader_ready(value: bytes | None) -> bool:
    """Return whether there is a leader that says that runs can be created."""
    try:
        return value is not None and json.loads(value).get("is_ready") is True
    except (ValueError, AttributeError):
        return False


def run_of(key: str) -> str:
    """Return the id of the run that stands second in a key."""
    return key.split("/")[1]


def replica_of(key: str) -> str:
    """Return the name that stands third in a key."""
    return key.split("/")[2]


def _problem(plain: Mapping[str, Any]) -> RunProblem:
    return RunProblem(
        Code(plain["code"]), str(plain["message"]), fields=plain["fields"], retry_after_s=plain["retry_after_s"]
    )


def _json(plain: object) -> bytes:
    return json.dumps(plain, separators=(",", ":")).encode()
