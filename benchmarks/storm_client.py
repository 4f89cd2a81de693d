"""Four gRPC clients in a storm: a million ERROR records of fifty messages, and a FATAL one now and then.

``python -m benchmarks.storm_client --port 4317 --records 1000000``. Requests are serialised before anything is sent. It
prints one line of JSON: when each message was first accepted (monotonic seconds), when each FATAL one was, and how many
records were accepted in all.
"""

import argparse
import itertools
import json
import random
import threading
import time
from collections.abc import Callable
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from benchmarks.load_client import METHOD
from otel_discord.signals import Severity
from otel_discord.testing.otlp import any_value, key_values

TEMPLATES: Final = 50
CLIENTS: Final = 4
REQUEST_RECORDS: Final = 500
FATALS: Final = 8

_VERBS: Final = ("charge", "reserve", "ship", "index", "resize", "publish", "archive", "import", "merge", "sync")
_NOUNS: Final = ("invoice", "basket", "parcel", "catalog", "thumbnail")
_VARIABLES: Final[tuple[Callable[[random.Random], str], ...]] = (
    lambda dice: str(dice.randrange(10**7)),
    lambda dice: f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(256)}:{dice.randrange(1024, 65536)}",
    lambda dice: f"/srv/data/{dice.randrange(10**4)}/part-{dice.randrange(10**5)}.bin",
    lambda dice: f"{dice.getrandbits(128):032x}",
    lambda dice: f"{dice.randrange(9000)}ms",
)


def words(template: int) -> str:
    """Return what only this message says."""
    return f"cannot {_VERBS[template % 10]} {_NOUNS[template // 10]}"


def message(template: int, dice: random.Random) -> str:
    """Return the message once, with new numbers, ids, addresses and paths."""
    first, second = (_VARIABLES[(template + shift) % len(_VARIABLES)] for shift in (0, 2))
    return f"{words(template)} {first(dice)}: worker {dice.randrange(64)} gave up after {second(dice)}"


def body(texts: list[tuple[str, int]]) -> bytes:
    """Return a serialised request of these texts and severities."""
    now_ns = time.time_ns()
    request = ExportLogsServiceRequest()
    resource_logs = request.resource_logs.add()
    resource_logs.resource.attributes.extend(key_values({"service.name": "shop", "service.version": "2.1.0"}))
    scope_logs = resource_logs.scope_logs.add()
    for text, severity in texts:
        record = scope_logs.log_records.add(time_unix_nano=now_ns, severity_number=severity)
        record.body.CopyFrom(any_value(text))
        record.attributes.extend(key_values({"code.function.name": "handle", "thread.id": 7}))
    return request.SerializeToString()


def bodies(records: int, dice: random.Random) -> tuple[list[bytes], dict[int, int]]:
    """Return the requests of the storm in order, and in which of them each message is there for the first time.

    Thirty messages are there from the start, the others come one by one.
    """
    count = records // REQUEST_RECORDS
    made: list[bytes] = []
    first_in: dict[int, int] = {}
    for number in range(min(count, 400)):
        known = min(TEMPLATES, 30 + number // 12)
        templates = [dice.randrange(known) for _ in range(REQUEST_RECORDS)]
        templates[:known] = range(known) if number % 12 == 0 else templates[:known]
        for template in templates:
            first_in.setdefault(template, number)
        made.append(body([(message(template, dice), Severity.ERROR) for template in templates]))
    return [*made, *itertools.islice(itertools.cycle(made[300:] or made), count - len(made))], first_in


def main() -> None:
    """Send the storm and say when what was accepted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--records", type=int, required=True)
    options = parser.parse_args()
    dice = random.Random(4)
    requests, first_in = bodies(options.records, dice)
    firsts = {number: [t for t, first in first_in.items() if first == number] for number in set(first_in.values())}
    fatals = [body([(f"FATAL {words(n)}: out of disk", Severity.FATAL)]) for n in range(FATALS)]
    fatal_at = {len(requests) * (n + 1) // (FATALS + 1): n for n in range(FATALS)}
    seen: dict[int, float] = {}
    fatal_seen: dict[int, float] = {}
    numbers = iter(range(len(requests)))
    lock = threading.Lock()
    print("warm", flush=True)
    input()
    started_s = time.monotonic()

    def run(export: Callable[[bytes], object]) -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            export(requests[number])
            for template in firsts.get(number, ()):
                seen[template] = time.monotonic()
            if number in fatal_at:
                export(fatals[fatal_at[number]])
                fatal_seen[fatal_at[number]] = time.monotonic()

    threads = [threading.Thread(target=run, args=(_client(options.port),)) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {
        "accepted": len(requests) * REQUEST_RECORDS,
        "started_s": started_s,
        "ended_s": time.monotonic(),
        "first": seen,
        "fatal": fatal_seen,
    }
    print("sent", json.dumps(told), flush=True)


def _client(port: int) -> Callable[[bytes], object]:
    """Return one client, which tries again what is refused for now, as an SDK does."""
    import grpc

    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)])
    export: Callable[..., bytes] = channel.unary_unary(METHOD)

    def send(request: bytes) -> None:
        while True:
            try:
                export(request, timeout=60)
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                time.sleep(0.2)
            else:
                return

    return send


if __name__ == "__main__":
    main()
