"""What a served fake tells other processes, as JSON: ``/_fake/messages``, ``/_fake/violations``, ``/_fake/stats``…"""

from collections import Counter
from dataclasses import asdict
from typing import Any

from aiohttp import web

from otel_discord.testing.fake_discord.answers import message_json
from otel_discord.testing.fake_discord.fake import FakeDiscord
from otel_discord.testing.fake_discord.fault_shapes import ODD_ANSWERS, RATE_LIMITED, SERVER_ERRORS, committed
from otel_discord.testing.fake_discord.faults import Fault, Match, any_request, operation_is, webhook_is
from otel_discord.testing.fake_discord.guild_answers import channel_json


def journal_routes(fake: FakeDiscord) -> list[web.RouteDef]:
    """Return the routes: GET messages, journal, webhooks, channels, audit, violations, stats; POST, DELETE faults.

    ``POST /_fake/faults`` takes ``{"shape": "502_html", "first": 1, "times": 3, "commit": false}``
    with the name of a shape in ``fault_shapes``, and ``webhook_id`` or ``operation`` where not all requests are meant.
    """

    async def messages(_: web.Request) -> web.Response:
        shown = [
            message_json(message) | {"arrived_at_s": message.arrived_at_s, "edits": message.edits}
            for message in fake.messages
        ]
        return web.json_response(shown)

    async def journal(_: web.Request) -> web.Response:
        return web.json_response([_entry_json(entry) for entry in fake.journal])

    async def webhooks(_: web.Request) -> web.Response:
        return web.json_response([{"id": w.id, "channel_id": w.channel_id, "name": w.name} for w in fake.webhooks])

    async def channels(_: web.Request) -> web.Response:
        return web.json_response([channel_json(channel) for channel in fake.state.channels.values()])

    async def audit(_: web.Request) -> web.Response:
        return web.json_response([asdict(entry) for entry in fake.audit])

    async def violations(_: web.Request) -> web.Response:
        return web.json_response([asdict(violation) for violation in fake.violations])

    async def stats(_: web.Request) -> web.Response:
        return web.json_response(statistics(fake))

    return [
        web.get("/_fake/messages", messages),
        web.get("/_fake/journal", journal),
        web.get("/_fake/webhooks", webhooks),
        web.get("/_fake/channels", channels),
        web.get("/_fake/audit", audit),
        web.get("/_fake/violations", violations),
        web.get("/_fake/stats", stats),
        *_fault_routes(fake),
    ]


def _fault_routes(fake: FakeDiscord) -> list[web.RouteDef]:
    async def add_fault(request: web.Request) -> web.Response:
        asked = await request.json()
        shape = (RATE_LIMITED | SERVER_ERRORS | ODD_ANSWERS).get(asked.get("shape", ""))
        if shape is None:
            return web.json_response({"message": "no such shape"}, status=400)
        match: Match = any_request
        if asked.get("operation"):
            match = operation_is(asked["operation"])
        elif asked.get("webhook_id"):
            match = webhook_is(asked["webhook_id"])
        fake.faults.add(
            Fault(
                committed(shape) if asked.get("commit") else shape,
                match=match,
                first=int(asked.get("first", 1)),
                times=float(asked.get("times", 1)),
            )
        )
        return web.Response(status=204)

    async def clear_faults(_: web.Request) -> web.Response:
        fake.faults.clear()
        return web.Response(status=204)

    return [web.post("/_fake/faults", add_fault), web.delete("/_fake/faults", clear_faults)]


def statistics(fake: FakeDiscord) -> dict[str, Any]:
    """Return counts: requests by status, 429 by scope, messages, edits, deletions, violations by rule."""
    kinds = Counter(entry.kind for entry in fake.journal)
    return {
        "requests": len(fake.exchanges),
        "by_status": dict(Counter(str(each.status) for each in fake.exchanges)),
        "rate_limited": dict(Counter(each.scope for each in fake.exchanges if each.status == 429)),
        "created": kinds["created"],
        "edited": kinds["edited"],
        "deleted": kinds["deleted"],
        "violations": dict(Counter(violation.rule for violation in fake.violations)),
    }


def _entry_json(entry: Any) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "at_s": entry.at_s,
        "webhook_id": entry.webhook_id,
        "channel_id": entry.channel_id,
        "message_id": entry.message_id,
        "json": entry.json,
        "files": [{"filename": file.filename, "size": len(file.data)} for file in entry.files],
    }
