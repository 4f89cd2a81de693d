"""A client process that does as little as possible: sends one body, serialised before, again and again.

``python -m benchmarks.load_client --protocol http --port 4318 --body FILE``. It sends a few to warm up, prints
``warm``, waits for a line ``requests N`` or ``seconds S``, sends, and prints ``sent N``.
"""

import argparse
import socket
import sys
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

METHOD: Final = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

Send = Callable[[], None]


def main() -> None:
    """Send what standard input asks for, until it ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protocol", choices=["grpc", "http"], required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--body", type=Path, required=True)
    parser.add_argument("--content-type", default="application/x-protobuf")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--warm-up", type=int, default=20, help="requests before the measured ones")
    options = parser.parse_args()
    body = options.body.read_bytes()
    if options.protocol == "grpc":
        senders = [_grpc_sender(options.port, body) for _ in range(options.threads)]
    else:
        senders = [_http_sender(options.port, body, options.content_type) for _ in range(options.threads)]
    for number in range(max(options.warm_up, len(senders))):  # a connection without a first request is soon closed
        senders[number % len(senders)]()
    print("warm", flush=True)
    for line in sys.stdin:
        what, amount = line.split()
        sent = _send_all(senders, **{what: float(amount)})
        print("sent", sent, flush=True)


def _send_all(senders: list[Send], *, requests: float = float("inf"), seconds: float = float("inf")) -> int:
    """Send side by side until so many are sent or the time is over; return how many were.

    Raises:
        SystemExit: a request failed; says how.
    """
    numbers = count()
    ends_at_s = time.monotonic() + seconds
    sent = [0] * len(senders)
    failures: list[str] = []

    def run(place: int) -> None:
        try:
            while not failures and time.monotonic() < ends_at_s and next(numbers) < requests:
                senders[place]()
                sent[place] += 1
        except Exception as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(senders))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(failures[0])
    return sum(sent)


def _http_sender(port: int, body: bytes, content_type: str) -> Send:
    head = (
        f"POST /v1/logs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answers = connection.makefile("rb")

    def send() -> None:
        connection.sendall(request)
        status = answers.readline()
        length = 0
        while (line := answers.readline()) not in {b"\r\n", b""}:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        answer = answers.read(length)
        if b" 200 " not in status:
            raise RuntimeError(f"{status!r} {answer!r}")

    return send


def _grpc_sender(port: int, body: bytes) -> Send:
    import grpc

    # A connection of its own for each thread, as separate applications have.
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)])
    export: Callable[..., bytes] = channel.unary_unary(METHOD)

    def send() -> None:
        export(body, timeout=60)

    return send


if __name__ == "__main__":
    main()
