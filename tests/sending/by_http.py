"""OTLP/HTTP to one process, over restarts of it."""

import http.client

from tests.sending.answers import Answer

_BUSY = {429, 503}


class HttpDoor:
    """OTLP/HTTP over one connection that is kept."""

    def __init__(self, port: int, timeout_s: float) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)

    def post(self, body: bytes) -> tuple[Answer, str]:
        """Send logs once; return how it ended, and words where that should not happen."""
        connection = self._connection
        try:
            if connection.sock is None:
                connection.connect()
        except OSError:
            connection.close()
            return Answer.REFUSED, ""
        try:
            connection.request("POST", "/v1/logs", body, {"Content-Type": "application/x-protobuf"})
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return Answer.NONE, ""
        if answer.status == 200:
            return Answer.OK, ""
        return Answer.REFUSED, "" if answer.status in _BUSY else f"HTTP {answer.status}: {said[:200]!r}"

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()
