"""What the pages show as JSON, for scripts: ``/api/overview``, ``/api/messages``, …"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from otel_discord.extensions.status_page.exchange import Answer, Ask, json_answer
from otel_discord.extensions.status_page.overview import reloads_of
from otel_discord.extensions.status_page.watch import Watch


@dataclass(frozen=True, slots=True)
class Documents:
    """Times are Unix time in the unit of their name; exporters are named by their ids."""

    watch: Watch

    async def answer(self, ask: Ask) -> Answer:
        """Return a document, 404 with the names of all where there is no such."""
        paths: Mapping[str, Callable[[Ask], Awaitable[Any]]] = {
            "/api/overview": self._overview,
            "/api/messages": self._messages,
            "/api/alerts": self._alerts,
            "/api/dead-letters": self._letters,
            "/api/configuration": self._configuration,
        }
        if ask.path not in paths:
            return json_answer({"error": "no such document", "documents": list(paths)}, HTTPStatus.NOT_FOUND)
        return json_answer(await paths[ask.path](ask))

    async def _overview(self, _: Ask) -> Any:
        return asdict(await self.watch.overview())

    async def _messages(self, ask: Ask) -> Any:
        found = await self.watch.messages(ask.query.get("destination", "")[:200])
        return {"messages": [{"exporter": each.exporter, **asdict(each.shown)} for each in found]}

    async def _alerts(self, _: Ask) -> Any:
        mutes = await self.watch.mutes()
        return {
            "alerts": [
                {
                    "exporter": each.exporter,
                    "name": each.event.name,
                    "severity": each.event.severity,
                    "fingerprint": each.event.identity,
                    "started_ns": each.event.started_ns,
                    "value": each.event.value,
                    "threshold": each.event.threshold,
                    "labels": dict(each.event.labels),
                    "summary": each.event.summary,
                    "shown_at": list(each.shown_at),
                }
                for each in mutes.alerts
            ],
            "alert_count": mutes.alert_count,
            "silences": [{"exporter": name, **each.to_json()} for name, each in mutes.silences],
            "maintenance": [{"exporter": name, **each.to_json()} for name, each in mutes.windows],
            "unanswered": list(mutes.unanswered),
        }

    async def _letters(self, ask: Ask) -> Any:
        found = await self.watch.letters(ask.query.get("destination", "")[:200])
        letters = [{"exporter": name, **letter.to_json()} for name, letter in found.letters]
        return {"dead_letters": letters, "is_complete": found.is_complete}

    async def _configuration(self, _: Ask) -> Any:
        view = self.watch.view
        notes = [asdict(each) for each in reloads_of(view)]
        return {"configuration": view.redact(view.configuration), "reloads": notes}
