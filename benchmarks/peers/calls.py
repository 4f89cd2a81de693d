"""The call that the author of an application writes, for each way: those inside it, and those that ask a service."""

import importlib
import json
import logging
import re
import urllib.request
from collections.abc import Callable
from typing import Any, Final

from benchmarks.application_ways import LOGGER, Call, make_call

__all__ = ["Call", "call_of"]

_TIMEOUT_S: Final = 10.0


def call_of(way: str, url: str) -> Call:
    """Return the call of a way, set up for the webhook's URL or for the address of the service that is asked instead.

    Raises:
        KeyError: there is no such way.
    """
    made = _TO_SERVICES.get(way)
    return made(url) if made else make_call(way, url)


def _otlp(url: str) -> Call:
    logs: Any = importlib.import_module("opentelemetry.sdk._logs")
    export: Any = importlib.import_module("opentelemetry.sdk._logs.export")
    otlp: Any = importlib.import_module("opentelemetry.exporter.otlp.proto.http._log_exporter")
    provider = logs.LoggerProvider()
    exporter = otlp.OTLPLogExporter(endpoint=f"{url}/v1/logs")
    provider.add_log_record_processor(export.BatchLogRecordProcessor(exporter))
    logger = logging.getLogger(LOGGER)
    logger.propagate = False
    logger.addHandler(logs.LoggingHandler(logger_provider=provider))
    return logger.error


def _alerts(url: str, labels: Callable[[str], dict[str, str]]) -> Call:
    def call(text: str) -> None:
        alert = {"labels": {"service": "shop", "severity": "error", **labels(text)}, "annotations": {"summary": text}}
        request = urllib.request.Request(
            f"{url}/api/v2/alerts", json.dumps([alert]).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            answer.read()

    return call


def _words(text: str) -> str:
    return re.split(r" \d", text, maxsplit=1)[0]


def _one_rule(url: str) -> Call:
    return _alerts(url, lambda text: {"alertname": "ErrorLogged", "problem": _words(text)})


def _rule_each(url: str) -> Call:
    return _alerts(url, lambda text: {"alertname": _words(text)})


_TO_SERVICES: Final[dict[str, Callable[[str], Call]]] = {
    "service": _otlp,
    "alertmanager, one rule": _one_rule,
    "alertmanager, a rule each": _rule_each,
}
