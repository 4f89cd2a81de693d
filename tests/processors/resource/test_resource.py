"""Attributes of resources."""

import pytest
from pydantic import ValidationError

from otel_discord.component import Receipt
from otel_discord.processors.attributes.walk import resources
from otel_discord.processors.resource.config import ResourceConfig
from otel_discord.processors.resource.factory import FACTORY
from otel_discord.signals import Batch, Signal, attributes_to_dict
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.otlp import logs_batch, metrics_batch, traces_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings

KEYS = {
    "attributes": [
        {"key": "cloud.availability_zone", "value": "zone-1", "action": "upsert"},
        {"key": "k8s.cluster.name", "from_attribute": "service.name", "action": "insert"},
        {"key": "deployment.environment.name", "action": "delete"},
    ]
}


@pytest.mark.parametrize("batch", [logs_batch(2), metrics_batch(2), traces_batch(2)], ids=lambda b: b.signal)
async def test_each_signal_is_changed_in_a_copy(batch: Batch) -> None:
    sink, before = Sink(), batch.request.SerializeToString()
    processor = FACTORY.create(settings("resource"), ResourceConfig.model_validate(KEYS), batch.signal, sink)
    assert await processor.consume(batch) == Receipt()
    after = [attributes_to_dict(each.attributes) for each in resources(sink.batches[0])]
    assert after == [{"service.name": "shop", "cloud.availability_zone": "zone-1", "k8s.cluster.name": "shop"}]
    assert sink.item_count == 2
    assert batch.request.SerializeToString() == before


async def test_the_same_batch_goes_on_where_nothing_changes() -> None:
    sink, batch = Sink(), logs_batch()
    config = ResourceConfig.model_validate({"attributes": [{"key": "gone", "action": "delete"}]})
    await FACTORY.create(settings("resource"), config, Signal.LOGS, sink).consume(batch)
    assert sink.batches[0] is batch


@pytest.mark.parametrize("keys", [{}, {"attributes": []}, {"actions": []}, {"attributes": [{"key": "a"}]}])
def test_wrong_ones_are_refused(keys: object) -> None:
    with pytest.raises(ValidationError):
        ResourceConfig.model_validate(keys)


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    config = ResourceConfig.model_validate(KEYS)
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: FACTORY.create(settings("resource"), config, Signal.LOGS, Sink()))
