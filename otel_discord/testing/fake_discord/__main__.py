"""``python -m otel_discord.testing.fake_discord``: FakeDiscord as a process of its own.

Prints one line for each webhook (its URL) and then ``ready``; runs until it is interrupted or terminated. With a bot it
prints ``endpoint`` and ``guild`` with their values as well, a line each, before ``ready``.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from otel_discord.testing.fake_discord.fake import FakeDiscord
from otel_discord.testing.fake_discord.latency import Latency
from otel_discord.testing.fake_discord.permissions import RUN_SERVICE
from otel_discord.testing.fake_discord.profiles import PROFILES, without_creation_limits
from otel_discord.testing.fake_discord.server import serve_fake_discord


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m otel_discord.testing.fake_discord", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--webhooks", type=int, default=1, help="how many, each in a channel of its own")
    parser.add_argument("--one-channel", action="store_true", help="all webhooks in one channel")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="default")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same webhook URLs")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="answers take up to this long")
    parser.add_argument(
        "--bot-token", action="append", default=[], metavar="TOKEN", help="a bot; made up, not a real one"
    )
    parser.add_argument("--guild", action="append", default=[], metavar="NAME", help="a guild that every bot is in")
    parser.add_argument("--permissions", type=int, default=RUN_SERVICE, help="of the bots in the guilds, as bits")
    parser.add_argument(
        "--without-creation-limits", action="store_true", help="new channels and webhooks without hidden limits"
    )
    parser.add_argument("--until-eof", action="store_true", help="end when standard input does")
    asyncio.run(_serve(parser.parse_args(arguments)))
    return 0


async def _serve(options: argparse.Namespace) -> None:
    profile = PROFILES[options.profile]
    fake = FakeDiscord(
        without_creation_limits(profile) if options.without_creation_limits else profile,
        seed=options.seed,
        latency=Latency(back_s=(0.0, options.latency_ms / 1000), seed=options.seed),
        started=datetime.now(UTC),
    )
    shared = fake.add_channel() if options.one_channel else None
    webhooks = [fake.add_webhook(shared) for _ in range(options.webhooks)]
    bots = [fake.add_bot(token) for token in options.bot_token]
    names = options.guild or (["Guild"] if bots else [])
    guilds = [fake.add_guild(name, bots=bots, permissions=options.permissions) for name in names]
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    if options.until_eof:
        loop.add_reader(sys.stdin, stopped.set)
    async with serve_fake_discord(fake, host=options.host, port=options.port) as server:
        lines = [server.webhook_url(webhook) for webhook in webhooks]
        if guilds:
            lines += [f"endpoint {server.endpoint}", *(f"guild {guild.id}" for guild in guilds)]
        sys.stdout.write("\n".join([*lines, "ready", ""]))
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
