"""What comes of one step of a run: it is done, it has to wait, or it cannot be done. Failures put into words. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias

from otel_discord.discord_api.bot.answers import Denied, Failed, Failure, Full, Invalid, Limited, NotThere
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Run

UNKNOWN_CHANNEL: Final = 10003
UNKNOWN_GUILD: Final = 10004
UNKNOWN_WEBHOOK: Final = 10015
ASK_AGAIN_S: Final = 5.0
FULL_ASK_AGAIN_S: Final = 60.0

Change: TypeAlias = Callable[[Run], Run]
"""What a step has changed, to be applied to the run as it is by then."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Not now. ``after_s`` None: the caller's backoff says when to try again."""

    problem: RunProblem
    after_s: float | None = None
    is_ambiguous: bool = False
    """It may have been done all the same: look before it is repeated."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not at all, as things are."""

    problem: RunProblem


Result: TypeAlias = Change | Waits | Refused


def result_of(failure: Failure, doing: str) -> Waits | Refused:
    """Return what a failure means for a step; ``doing`` as in "creating the channel"."""
    problem = problem_of(failure, doing)
    match failure:
        case Limited(retry_after_s=after_s):
            return Waits(problem, after_s)
        case Failed(ambiguous=ambiguous, retry_after_s=after_s):
            return Waits(problem, after_s, is_ambiguous=ambiguous)
        case _:
            return Refused(problem)


def problem_of(failure: Failure, doing: str) -> RunProblem:
    """Return what a caller is told."""
    match failure:
        case NotThere(code=code) if code == UNKNOWN_GUILD:
            return RunProblem(Code.UNKNOWN_GUILD, "the bot is in no such guild; invite it, or check guildId")
        case NotThere():
            return RunProblem(
                Code.DISCORD_REFUSED, _words(doing, "what it needs was deleted meanwhile; ask again", failure.detail)
            )
        case Denied(status=HTTPStatus.UNAUTHORIZED):
            return RunProblem(Code.DISCORD_REFUSED, _words(doing, "Discord does not accept the bot's token", ""))
        case Denied(missing=missing):
            lacks = f"the bot may lack {_listed(missing)}" if missing else "the bot may not do that"
            return RunProblem(Code.MISSING_PERMISSION, _words(doing, lacks, failure.detail))
        case Full(bound=bound):
            return RunProblem(
                Code.DISCORD_FULL,
                _words(doing, f"no room is left ({bound.value.replace('_', ' ')})", failure.detail),
                retry_after_s=FULL_ASK_AGAIN_S,
            )
        case Limited(retry_after_s=after_s):
            words = _words(doing, f"Discord wants to wait {after_s:.0f} s; it is done behind, ask again then", "")
            return RunProblem(Code.DISCORD_LIMITED, words, retry_after_s=max(1.0, after_s))
        case Failed(retry_after_s=after_s):
            words = _words(doing, "Discord does not answer as it should; it is tried again behind", failure.detail)
            return RunProblem(Code.DISCORD_UNAVAILABLE, words, retry_after_s=max(after_s or 0.0, ASK_AGAIN_S))
        case Invalid():
            return RunProblem(Code.DISCORD_REFUSED, _words(doing, "Discord refuses it", failure.detail))


def _words(doing: str, why: str, detail: str) -> str:
    return f"{doing}: {why} ({detail})" if detail else f"{doing}: {why}"


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
