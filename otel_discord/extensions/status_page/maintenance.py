"""Maintenance that the page begins or ends, at every exporter that keeps some."""

from collections.abc import Mapping
from typing import Final

from otel_discord.component import Component, PermanentError
from otel_discord.component.maintenance import KeepsMaintenance, MaintenanceRequest
from otel_discord.extensions.status_page.mutes import MOST_MATCHERS, at_each, matchers_of, span_of

ACTIONS: Final = ("", "hold", "drop", "no_ping")
"""Empty: as the configured window of that name, else hold."""
MAX_NAME_CHARS: Final = 80
_NOBODY: Final = "No exporter of this service knows maintenance."


def maintenance_request(form: Mapping[str, str]) -> MaintenanceRequest:
    """Return the maintenance that a form asks for; it begins when it is handed on.

    Raises:
        PermanentError: a field is not as it should be; says which and how.
    """
    name = form.get("name", "").strip()
    if not 1 <= len(name) <= MAX_NAME_CHARS:
        raise PermanentError(f"Name: 1 to {MAX_NAME_CHARS} characters.")
    matchers = matchers_of(form)
    if len(matchers) > MOST_MATCHERS:
        raise PermanentError(f"Matchers: write at most {MOST_MATCHERS}, one a line, as in service.name=shop.")
    action = form.get("action", "")
    if action not in ACTIONS:
        raise PermanentError(f"Action: one of {', '.join(filter(None, ACTIONS))}.")
    return MaintenanceRequest(
        name=name,
        for_s=span_of(form),
        matchers=matchers,
        action=action,
        critical=form.get("critical", "") == "yes",
        comment=form.get("comment", "").strip()[:500],
        author="status page",
    )


async def start_maintenance(components: Mapping[str, Component], request: MaintenanceRequest) -> str:
    """Begin maintenance at every exporter that keeps some; return what to tell.

    Raises:
        ComponentError: none has begun it; says why.
    """
    done = f"Maintenance {request.name} has begun"
    return await at_each(components, KeepsMaintenance, lambda each: each.start_maintenance(request), done, _NOBODY)


async def end_maintenance(components: Mapping[str, Component], name: str) -> str:
    """End maintenance wherever it holds; return what to tell.

    Raises:
        ComponentError: none has ended it; says why.
    """
    done = f"Maintenance {name} has ended; what was held comes now"
    return await at_each(components, KeepsMaintenance, lambda each: each.end_maintenance(name), done, _NOBODY)
