"""Whose lines belong to an alert: rather nobody's than a stranger's."""

from typing import Any

import pytest

from otel_discord.exporters.discord.evidence.origin import origin_of
from otel_discord.exporters.discord.evidence.subject import Subject
from otel_discord.testing.otlp import key_values

WORKER = {"service.name": "worker", "deployment.environment": "prod", "host.name": "a", "k8s.pod.name": "worker-1"}


@pytest.mark.parametrize(
    ("labels", "resource", "is_meant"),
    [
        ({"service.name": "worker"}, {}, True),
        ({"service_name": "worker"}, {}, True),
        ({"service.name": "worker", "queue": "mail"}, {}, True),
        ({"service.name": "worker", "deployment.environment.name": "prod"}, {}, True),
        ({"service.name": "worker", "deployment.environment.name": "test"}, {}, False),
        ({"service.name": "worker", "host.name": "b"}, {}, False),
        ({"service.name": "worker", "service.namespace": "shop"}, {}, True),
        ({"service.name": "cart"}, {}, False),
        ({"service.name": "cart"}, {"service.name": "worker"}, False),
        ({}, {"service.name": "worker"}, True),
        ({"queue": "mail"}, {}, False),
        ({"deployment.environment": "prod"}, {}, False),
        ({"host.name": "a"}, {}, True),
        ({"host.name": "b"}, {}, False),
        ({"pod": "worker-1", "namespace": "shop"}, {}, True),
        ({"host.name": "a", "k8s.pod.name": "worker-2"}, {}, False),
        ({"k8s.node.name": "n1"}, {}, False),
    ],
)
def test_who_is_meant(labels: dict[str, Any], resource: dict[str, Any], is_meant: bool) -> None:
    subject = Subject.of(labels, resource)
    assert (subject is not None and subject.is_meant(origin_of(key_values(WORKER)))) is is_meant
