"""``python -m otel_discord.testing.fake_discord``: FakeDiscord as a process of its own.

Prints one line for each webhook (its URL) and then ``ready``; runs until it is interrupted or terminated.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from otel_discord.testing.fake_discord.fake import FakeDiscord
from otel_discord.testing.fake_discord.latency import Latency
from otel_discord.testing.fake_discord.profiles import PROFILES
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
    parser.add_argument("--until-eof", action="store_true", help="end when standard input does")
    asyncio.run(_serve(parser.parse_args(arguments)))
    return 0


async def _serve(options: argparse.Namespace) -> None:
    fake = FakeDiscord(
        options.profile,
        seed=options.seed,
        latency=Latency(back_s=(0.0, options.latency_ms / 1000), seed=options.seed),
        started=datetime.now(UTC),
    )
    shared = fake.add_channel() if options.one_channel else None
    webhooks = [fake.add_webhook(shared) for _ in range(options.webhooks)]
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    if options.until_eof:
        loop.add_reader(sys.stdin, stopped.set)
    async with serve_fake_discord(fake, host=options.host, port=options.port) as server:
        lines = [server.webhook_url(webhook) for webhook in webhooks]
        sys.stdout.write("\n".join([*lines, "ready", ""]))
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
