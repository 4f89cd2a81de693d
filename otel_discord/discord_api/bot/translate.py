"""What Discord's answer means to a bot: the border where statuses and codes become values.

Shapes of errors, delays and bans are read by ``outcomes``; here is what a bot can make of them.
https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from collections.abc import Mapping
from typing import Final

from otel_discord.discord_api.answer_text import DETAIL_CHARS, clean, is_html, parse_json
from otel_discord.discord_api.bot.answers import Bound, Denied, Failed, Failure, Full, Invalid, Limited, NotThere
from otel_discord.discord_api.bot.permissions import Permission, names
from otel_discord.discord_api.outcome_types import Delivered, Gone, Outcome, RateLimited, Reason, Refused, Unavailable
from otel_discord.discord_api.outcomes import INVALID_FORM, classify

_NOT_THERE: Final = frozenset({10003, 10004, 10008, 10015})
_DENIED: Final = frozenset({40001, 40333, 50001, 50013, 50014, 50027, 60003})
_FULL: Final[Mapping[int, Bound]] = {
    30007: Bound.CHANNEL_WEBHOOKS,
    30013: Bound.GUILD_CHANNELS,
    30058: Bound.GUILD_WEBHOOKS,
    160006: Bound.THREADS,
}
_CATEGORY_FULL: Final = "CHANNEL_PARENT_MAX_CHANNELS"
_NO_ACCESS: Final = 50001
_TWO_FACTOR: Final = 60003
_USER_AGENT: Final = 40333


def understand(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Return what came of a request, as all of Discord's answers are read; a success may be of any shape.

    Only a page for browsers in its place is none: then something in between has answered.
    """
    if 200 <= status < 300 and not is_html(headers, body):
        return Delivered()
    return classify(status, headers, body)


def failure_of(
    outcome: RateLimited | Refused | Gone | Unavailable, *, method: str, needs: Permission, is_json: bool
) -> Failure:
    """Return why a bot's request has not succeeded.

    Args:
        outcome: of ``understand``, or of a transport's error.
        method: what cannot change anything cannot be ambiguous.
        needs: the permissions that the operation takes.
        is_json: whether the answer was JSON, so that Discord has spoken and nothing in between.
    """
    match outcome:
        case RateLimited():
            return Limited(outcome.retry_after_s, outcome.detail)
        case Unavailable():
            # A page in the place of a success may still follow a creation: a look is cheaper than a second one.
            page = outcome.reason is Reason.BAD_ANSWER and 200 <= outcome.status < 300
            may_be_done = method != "GET" and (outcome.ambiguous or page)
            return Failed(may_be_done, outcome.detail, outcome.retry_after_s)
    if isinstance(outcome, Refused):
        bound = _bound(outcome)
        if bound is not None:
            return Full(bound, outcome.code, outcome.detail)
    if outcome.code in _NOT_THERE or outcome.status == 404:
        if not is_json:
            return Failed(False, clean(f"not an answer of Discord's: {outcome.detail}"))
        return NotThere(outcome.code, outcome.detail)
    if outcome.code in _DENIED or outcome.status in {401, 403}:
        return _denied(outcome, needs)
    errors = outcome.errors if isinstance(outcome, Refused) else ()
    return Invalid(outcome.code, outcome.detail, errors)


def is_json_object(body: bytes) -> bool:
    """Return whether an error's body is of the kind that Discord sends."""
    return isinstance(parse_json(body), dict)


def _bound(outcome: Refused) -> Bound | None:
    if outcome.code == INVALID_FORM:
        is_full = any(error.code == _CATEGORY_FULL for error in outcome.errors)
        return Bound.CATEGORY if is_full else None
    return _FULL.get(outcome.code)


def _denied(outcome: Refused | Gone, needs: Permission) -> Denied:
    status, code = outcome.status, outcome.code
    hint = ""
    missing: tuple[str, ...] = ()
    if code == _TWO_FACTOR:
        hint = "the guild requires two-factor authentication: the account that owns the bot has to switch it on"
    elif code == _USER_AGENT:
        hint = "Discord refuses the User-Agent header, or something in between does"
    elif status == 401:
        hint = "the bot's token is wrong or was reset"
    else:
        # Who may not see a thing is told 50001, whatever else is missing; who is told something else can see it.
        unseen = Permission.VIEW_CHANNEL
        missing = names(unseen if code == _NO_ACCESS else needs & ~unseen or needs)
    detail = f"{hint} ({outcome.detail})" if hint else outcome.detail
    return Denied(status, code, clean(detail, DETAIL_CHARS), missing)
