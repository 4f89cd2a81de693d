"""Runs agents, each in a process of its own and with a channel of its own in Discord. Standard library alone.

OTEL_DISCORD_RUNS_TOKEN=… OTEL_DISCORD_RUNS_GUILD_ID=… python runner.py 'python agent.py' 'python agent.py --hard'

The runner holds the token; the agents get ``run.id`` and nothing that opens anything.
"""

import json
import os
import secrets
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

ENDPOINT = os.environ.get("OTEL_DISCORD_RUNS_ENDPOINT", "http://localhost:8080").rstrip("/")
PATIENCE_S = 60.0
AT_ONCE = 4


def ask(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST, and again while the service says that it helps; both requests may be repeated safely."""
    ends_at_s = time.monotonic() + PATIENCE_S
    token = os.environ["OTEL_DISCORD_RUNS_TOKEN"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    while True:
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{ENDPOINT}{path}", data, headers, method="POST")  # noqa: S310 - the user's own
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                document: dict[str, Any] = json.load(answer)
                return document
        except urllib.error.HTTPError as error:
            told = error.headers.get("Retry-After", "")
            pause_s = float(told) if told.isdigit() else 2.0
            if error.code not in (429, 503) or time.monotonic() + pause_s > ends_at_s:
                raise RuntimeError(error.read(2000).decode("utf-8", "replace")) from None
        except OSError:
            pause_s = 2.0
            if time.monotonic() + pause_s > ends_at_s:
                raise
        time.sleep(pause_s)


def run_agent(number: int, command: str) -> int:
    """Run one agent in its channel and return its exit code. Without a channel it runs all the same."""
    key = {
        "taskId": f"agent-{number}",
        "attempt": 1,
        "shortId": secrets.token_hex(3),
        "guildId": os.environ["OTEL_DISCORD_RUNS_GUILD_ID"],
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_DISCORD_RUNS_")}
    channel = ""
    try:
        run = ask("/runs", {**key, "title": command[:100], "metadata": {"command": command[:500]}})
        channel = run["channelId"]
        attributes = [os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""), f"run.id={run['runId']}"]
        environment["OTEL_RESOURCE_ATTRIBUTES"] = ",".join(filter(None, attributes))
    except (RuntimeError, OSError) as error:
        sys.stderr.write(f"agent {number} has no channel: {error}\n")
    code = 1
    try:
        code = subprocess.run(shlex.split(command), env=environment, check=False).returncode  # noqa: S603 - what it is for
    except (OSError, ValueError) as error:
        sys.stderr.write(f"agent {number} cannot be started: {error}\n")
    finally:
        if channel:
            try:
                ask(f"/runs/{channel}/finalize", {"outcome": "failure" if code else "success"})
            except (RuntimeError, OSError) as error:
                sys.stderr.write(f"agent {number} is ended by its retention: {error}\n")
    return code


def main() -> int:
    """Run every agent; 1 where one has failed."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        codes = list(pool.map(run_agent, range(1, len(sys.argv)), sys.argv[1:]))
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
