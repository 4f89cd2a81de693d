"""A training script whose epochs are steps of its run: an ordinary OpenTelemetry program.

It knows nothing of Discord: ``run.id`` comes with OTEL_RESOURCE_ATTRIBUTES, and the service with
OTEL_EXPORTER_OTLP_ENDPOINT (http://localhost:4318 by default). ``run.sh`` beside it sets the first.

pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
"""

import math
import os
import random

from opentelemetry._logs import Logger, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

EPOCHS = 5


def train(log: Logger, dice: random.Random) -> float:
    """Return the loss after the last epoch.

    Raises:
        ArithmeticError: it diverges.
    """
    loss = 2.3
    for epoch in range(1, EPOCHS + 1):
        log.emit(
            event_name="run.step",
            severity_number=SeverityNumber.INFO,
            body=f"Epoch {epoch} of {EPOCHS}",
            attributes={"step.name": f"epoch {epoch}", "loss": round(loss, 4)},
        )
        loss *= dice.uniform(0.6, 0.9) if "DIVERGE" not in os.environ else math.inf
        if not math.isfinite(loss):
            raise ArithmeticError(f"The loss is no number after epoch {epoch}")
        if loss > 1.5:
            log.emit(
                severity_number=SeverityNumber.WARN, body="The loss falls slowly", attributes={"loss": round(loss, 4)}
            )
    return loss


def main() -> None:
    """Train, and send everything before the program ends."""
    provider = LoggerProvider(Resource.create({"service.name": "training"}))
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    log = provider.get_logger("train")
    try:
        loss = train(log, random.Random(7))  # noqa: S311 - a lesson, no secret
        log.emit(severity_number=SeverityNumber.INFO, body=f"Trained, loss {loss:.3f}")
    except ArithmeticError as error:
        log.emit(severity_number=SeverityNumber.ERROR, body="The training failed", exception=error)
        raise
    finally:
        provider.shutdown()


if __name__ == "__main__":
    main()
