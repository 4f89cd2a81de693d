"""The header of a run posted by its own webhook, where the bot is not to post: within the limits of all webhooks."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.discord_api.bot.answers import Denied, Done, Failed, Failure, Invalid, Limited, NotThere
from otel_discord.discord_api.outcome_types import Delivered, Gone, Outcome, RateLimited, Reason, Refused, Unavailable
from otel_discord.discord_api.permits import RateLimits
from otel_discord.discord_api.routes import Operation, Route
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.discord_api.wire import Call, Wire
from otel_discord.extensions.run_channels.runs import Placement, Run

PATIENCE_S: Final = 20.0
_MESSAGE_GONE: Final = 10008
_WEBHOOK_GONE: Final = 10015
_NOT_FOUND: Final = 404
_CAN_WAIT: Final = -1
"""Telemetry goes first; a header can wait."""


@dataclass(frozen=True, slots=True)
class HeadersByWebhook:
    """Posts and edits; ``limits`` are those that the exporters of this process share."""

    wire: Wire
    limits: RateLimits

    async def post(self, run: Run, message: dict[str, Any]) -> Done[str] | Failure:
        """Post a message; return its id."""
        call = Call(operation=Operation.EXECUTE, webhook=_webhook(run), query={"wait": "true"}, json=message)
        return await self._send(call)

    async def edit(self, run: Run, message_id: str, message: dict[str, Any]) -> Done[str] | Failure:
        """Edit it."""
        return await self._send(
            Call(operation=Operation.EDIT, webhook=_webhook(run), message_id=message_id, json=message)
        )

    async def _send(self, call: Call) -> Done[str] | Failure:
        route = Route(call.operation, call.webhook.id)
        is_waiting = True
        try:
            async with asyncio.timeout(PATIENCE_S) as deadline, self.limits.permit(route, priority=_CAN_WAIT) as permit:
                deadline.reschedule(None)  # the transport has deadlines of its own
                is_waiting = False
                return _answer(await self.wire.send(call, permit))
        except TimeoutError:
            return Failed(ambiguous=not is_waiting, detail="no turn came within the limits of webhooks")


def _webhook(run: Run) -> WebhookUrl:
    thread_id = run.channel_id if run.placement is not Placement.CHANNEL else ""
    return WebhookUrl(run.webhook_id, run.webhook_token, thread_id)


def _answer(outcome: Outcome) -> Done[str] | Failure:
    match outcome:
        case Delivered(message_id=""):
            return Failed(ambiguous=True, detail="Discord did not say which message it is")
        case Delivered(message_id=message_id):
            return Done(message_id)
        case RateLimited(retry_after_s=retry_after_s, detail=detail):
            return Limited(retry_after_s, detail)
        case Refused(reason=Reason.MESSAGE_GONE, detail=detail):
            return NotThere(_MESSAGE_GONE, detail)
        case Refused(code=code, detail=detail, errors=errors):
            return Invalid(code, detail, errors)
        case Gone(status=status, code=code, detail=detail):
            return NotThere(code or _WEBHOOK_GONE, detail) if status == _NOT_FOUND else Denied(status, code, detail)
        case Unavailable(ambiguous=ambiguous, detail=detail, retry_after_s=retry_after_s):
            return Failed(ambiguous, detail, retry_after_s)
