"""``otel-discord runs invite``: the link by which the bot enters a Discord server."""

import click

from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import OK
from otel_discord.discord_api.bot.permissions import (
    CHANNELS_AND_WEBHOOKS,
    WITH_MESSAGES,
    WITH_SILENCE,
    WITH_THREADS,
    Permission,
    invite_url,
    names,
)
from otel_discord.discord_api.webhook_url import is_snowflake

_MESSAGES = WITH_MESSAGES & ~CHANNELS_AND_WEBHOOKS & ~Permission.MANAGE_ROLES
_OVERWRITES = WITH_SILENCE & ~CHANNELS_AND_WEBHOOKS
_THREADS = WITH_THREADS & ~WITH_MESSAGES


@click.command("invite", epilog=examples("runs invite --application-id 1300000000000000000"))
@click.option("--application-id", required=True, metavar="ID", help="Developer Portal → your app → Application ID.")
@click.option("--overwrites", is_flag=True, help="For permission_overwrites, and so that nobody writes in the archive.")
@click.option("--threads", is_flag=True, help="For threads or forum posts instead of channels.")
@click.option("--minimal", is_flag=True, help="Channels and webhooks alone, for header_embed: false.")
@click.option("--guild-id", default="", metavar="ID", help="Choose this server in the page that opens.")
def invite(application_id: str, overwrites: bool, threads: bool, minimal: bool, guild_id: str) -> int:
    """Print the link that adds the bot to a server with the permissions that runs need.

    Who opens it needs Manage Server there. The permissions' names go to stderr.
    """
    for name, value in (("--application-id", application_id), ("--guild-id", guild_id)):
        if value and not is_snowflake(value):
            raise click.BadParameter("must be a number", param_hint=name)
    if minimal and threads:
        raise click.UsageError("threads need the bot's own messages; leave --minimal out")
    need = wanted(overwrites=overwrites, threads=threads, messages=not minimal)
    click.echo(invite_url(application_id, need, guild_id=guild_id))
    click.echo(f"permissions={need}: {', '.join(names(need))}", err=True)
    return OK


def wanted(*, overwrites: bool, threads: bool, messages: bool) -> int:
    """Return the bits of the permissions."""
    return (
        CHANNELS_AND_WEBHOOKS
        | (_MESSAGES if messages else 0)
        | (_OVERWRITES if overwrites else 0)
        | (_THREADS if threads else 0)
    )
