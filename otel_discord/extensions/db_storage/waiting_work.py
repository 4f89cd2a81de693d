"""How much waits in the database, for the line at start. Pure."""

from otel_discord.store.work import Access, Query, Steps, Work


def count_waiting() -> Work[str]:
    """Return in words what waits, and for whom."""

    def steps() -> Steps[str]:
        batches = yield Query("SELECT owner, count(*) FROM batches WHERE routed = 0 GROUP BY owner")
        cards = yield Query("SELECT owner, count(*) FROM cards GROUP BY owner")
        total = f"{sum(row[1] for row in batches)} batches and {sum(row[1] for row in cards)} cards waiting"
        owners = sorted({row[0] for row in (*batches, *cards)})
        return f"{total} for {', '.join(owners)}" if owners else total

    return Work("count_waiting", Access.READ, steps)
