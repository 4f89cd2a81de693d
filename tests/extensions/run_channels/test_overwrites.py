"""Who may see and write in channels of runs."""

from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.bot.bot_api import Overwrite
from otel_discord.extensions.run_channels.config import OverwriteConfig
from otel_discord.extensions.run_channels.overwrites import (
    SEND_MESSAGES,
    VIEW_CHANNEL,
    WRITING,
    of_archived_channel,
    of_new_channel,
)

GUILD, BOT, ROLE = "1", "2", "3"
EVERYTHING = (1 << 53) - 1
BITS = st.integers(0, EVERYTHING)


def _by_id(items):
    return {item.id: item for item in items or ()}


def test_without_configuration_a_channel_takes_its_categorys_permissions() -> None:
    assert of_new_channel((), category=(), guild_id=GUILD, bot_id=BOT, bot_permissions=EVERYTHING) is None


def test_who_keeps_everyone_out_does_not_keep_the_bot_out() -> None:
    configured = (OverwriteConfig(role=GUILD, deny=VIEW_CHANNEL), OverwriteConfig(role=ROLE, allow=VIEW_CHANNEL))
    made = _by_id(of_new_channel(configured, category=(), guild_id=GUILD, bot_id=BOT, bot_permissions=EVERYTHING))
    assert made[BOT].is_member
    assert made[BOT].allow & VIEW_CHANNEL
    assert made[ROLE].allow == VIEW_CHANNEL
    assert made[GUILD].deny == VIEW_CHANNEL


def test_a_private_channel_stays_private_in_an_open_archive() -> None:
    private = (Overwrite(id=GUILD, deny=VIEW_CHANNEL), Overwrite(id=ROLE, allow=VIEW_CHANNEL | SEND_MESSAGES))
    moved = _by_id(
        of_archived_channel(private, (), guild_id=GUILD, bot_id=BOT, bot_permissions=VIEW_CHANNEL | SEND_MESSAGES)
    )
    assert moved[GUILD].deny == VIEW_CHANNEL | SEND_MESSAGES
    assert moved[ROLE].allow == VIEW_CHANNEL


@given(allow=BITS, deny=BITS, archive_deny=BITS, bot=BITS.map(lambda bits: bits & ~8))
def test_an_archive_never_opens_what_was_closed_and_names_nothing_that_the_bot_lacks(
    allow, deny, archive_deny, bot
) -> None:
    channel = (Overwrite(id=GUILD, deny=deny), Overwrite(id=ROLE, allow=allow & ~deny))
    category = (Overwrite(id=GUILD, deny=archive_deny),)
    moved = _by_id(of_archived_channel(channel, category, guild_id=GUILD, bot_id=BOT, bot_permissions=bot))
    everyone = moved.get(GUILD, Overwrite(id=GUILD))
    assert everyone.deny == (deny | archive_deny | WRITING) & bot
    for item in moved.values():
        assert not (item.allow | item.deny) & ~bot
        assert not item.allow & WRITING
