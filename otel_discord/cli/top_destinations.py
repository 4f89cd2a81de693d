"""What ``top`` shows of destinations: a line for each, and below it what is wrong. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.text import Text

from otel_discord.cli.top_grid import Column, Note, Row, grid
from otel_discord.cli.top_rates import Overview, destination_rate
from otel_discord.cli.top_styles import BAD, NAME, ROOMY, STYLES, WIDE, alarming
from otel_discord.cli.top_words import UNKNOWN, count, rate, share, span


def destinations(now: Overview, before: Overview | None, width: int) -> list[Text]:
    """Return the lines of every destination."""
    columns = [
        Column("DESTINATION", gives_way=True),
        Column("health"),
        Column("waiting", right=True),
        Column("oldest", right=True),
        Column("budget", right=True, from_width=ROOMY),
        Column("p50", right=True, from_width=ROOMY),
        Column("p99", right=True),
        Column("good", right=True),
        Column("429 ago", right=True, from_width=ROOMY),
        Column("sent/s", right=True, from_width=WIDE),
        Column("delivered", right=True, from_width=WIDE),
        Column("failed", right=True, from_width=WIDE),
        Column("breaker", from_width=WIDE),
    ]
    found = now["destinations"]
    several = len({each["exporter"] for each in found}) > 1
    rows: list[Row] = []
    for each in found:
        health, breaker = str(each["health"]), str(each.get("breaker", ""))
        rows.append(
            [
                (f"{each['name']} ({each['exporter']})" if several else str(each["name"]), NAME),
                (health, STYLES.get(health, "")),
                count(each.get("waiting_records")),
                span(each.get("oldest_waiting_ago_s")),
                _budget(each.get("budget_left")),
                span(each.get("response_p50_s")),
                span(each.get("response_p99_s")),
                share(each.get("recent_success")),
                span(each.get("last_429_ago_s")),
                rate(destination_rate(each, before, now)),
                count(each.get("delivered")),
                alarming(count(each.get("failed")), each.get("failed")),
                (breaker, "" if breaker == "closed" else BAD),
            ]
        )
        rows += [Note(text, style) for text, style in _more(each, names_breaker=width < WIDE)]
    return grid(columns, rows, width) if rows else []


def _budget(left: float | None) -> str:
    return count(int(left)) if left is not None else UNKNOWN


def _more(each: Mapping[str, Any], *, names_breaker: bool) -> Iterable[tuple[str, str]]:
    if each.get("remark"):
        yield str(each["remark"]), BAD
    said = []
    if each.get("replica"):
        said.append(f"at {each['replica']}")
    if each.get("next_in_s"):
        said.append(f"next in {span(each['next_in_s'])}")
    if names_breaker and each.get("breaker") not in ("closed", "", None):
        said.append(f"breaker {each['breaker']}")
    if each.get("webhook_up") is False:
        said.append("the last check did not find the webhook")
    if each.get("fallback") and each["health"] in ("unreachable", "gone"):
        said.append(f"fallback {each['fallback']}")
    if said:
        yield " · ".join(said), "dim"
    if each.get("last_error"):
        when = f"{span(each['last_error_ago_s'])} ago: " if "last_error_ago_s" in each else ""
        yield f"{when}{each['last_error']}", BAD if each["health"] in ("unreachable", "gone") else "dim"
