"""The channels of a served fake as its page lists them: by category, with their topics, and their threads below."""

from collections.abc import Iterator
from html import escape

from otel_discord.testing.fake_discord.fake import FakeDiscord
from otel_discord.testing.fake_discord.guilds import FakeGuild
from otel_discord.testing.fake_discord.state import FakeChannel


def rendered_channels(fake: FakeDiscord) -> str:
    """Return the list as HTML; "" where no bot is in any guild."""
    guilds = [guild for guild in fake.guilds if guild.permissions]
    listed = "".join(f"<h2>{escape(guild.name)}</h2>{''.join(_of_guild(guild))}" for guild in guilds)
    return f'<a href="#">all channels</a>{listed}' if listed else ""


def _of_guild(guild: FakeGuild) -> Iterator[str]:
    by_place: dict[str, list[FakeChannel]] = {}
    for channel in [*guild.channels, *guild.threads]:
        if not channel.is_category:
            by_place.setdefault(channel.parent_id, []).append(channel)
    yield from _items(by_place, "")
    for category in guild.categories():
        yield f"<h3>{escape(category.name)}</h3>"
        yield from _items(by_place, category.id)


def _items(by_place: dict[str, list[FakeChannel]], place_id: str) -> Iterator[str]:
    channels = by_place.get(place_id)
    if not channels:
        return
    yield "<ul>"
    for channel in channels:
        sign = "↳" if channel.is_thread else "#"
        ended = " (archived)" if channel.archived else ""
        topic = f"<small>{escape(channel.topic)}</small>" if channel.topic else ""
        yield f'<li><a href="#{channel.id}">{sign} {escape(channel.name)}{ended}</a>{topic}'
        yield from _items(by_place, channel.id)
        yield "</li>"
    yield "</ul>"
