"""What else answers on the gRPC port: health, as orchestrators ask for it, and reflection, as grpcurl does."""

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.interop.processes import READY_S
from tests.interop.service import Service

LOGS_SERVICE = "opentelemetry.proto.collector.logs.v1.LogsService"


def test_health_and_reflection(service: Service) -> None:
    with grpc.insecure_channel(service.grpc) as channel:
        health = HealthStub(channel)
        for name in ("", LOGS_SERVICE):
            answer = health.Check(HealthCheckRequest(service=name), timeout=READY_S)
            assert answer.status == HealthCheckResponse.SERVING, name

        database = ProtoReflectionDescriptorDatabase(channel)
        services = database.get_services()
        file = database.FindFileContainingSymbol(LOGS_SERVICE)
    assert {LOGS_SERVICE, "grpc.health.v1.Health"} <= set(services)
    (logs,) = file.service
    assert [method.name for method in logs.method] == ["Export"]
