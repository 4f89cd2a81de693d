"""Envoy passes each protocol on to the port where a replica has it, and asks each replica whether it is well."""

from typing import Any

from tests.deploy.compose import FLEET, merged
from tests.deploy.placed import DEPLOY, configuration, document, listens, output

PATH = DEPLOY / "docker" / "envoy.yaml"
OPENED = listens(configuration("docker/postgresql.yaml"))
RESOURCES = document(PATH)["static_resources"]


def clusters() -> dict[str, Any]:
    return {each["name"]: each for each in RESOURCES["clusters"]}


def routed() -> dict[int, tuple[str, Any]]:
    """Return, by port, the cluster that a listener routes everything to, and how."""
    found = {}
    for listener in RESOURCES["listeners"]:
        ((chain,),) = ([each["filters"] for each in listener["filter_chains"]],)
        (manager,) = (each["typed_config"] for each in chain)
        assert manager["http_filters"][-1]["name"] == "envoy.filters.http.router"
        (host,) = manager["route_config"]["virtual_hosts"]
        (route,) = host["routes"]
        assert (host["domains"], route["match"]) == (["*"], {"prefix": "/"})
        found[listener["address"]["socket_address"]["port_value"]] = (route["route"]["cluster"], route["route"])
    return found


def test_it_listens_on_what_is_published_and_passes_it_on() -> None:
    published = {int(port.split(":")[2]) for port in merged(FLEET)["services"]["balancer"]["ports"]}
    assert set(routed()) == published == {OPENED["otlp-grpc"], OPENED["otlp-http"]}
    for port, (cluster, _) in routed().items():
        (endpoint,) = clusters()[cluster]["load_assignment"]["endpoints"][0]["lb_endpoints"]
        assert endpoint["endpoint"]["address"]["socket_address"] == {"address": "otel-discord", "port_value": port}
        assert clusters()[cluster]["load_assignment"]["cluster_name"] == cluster
    assert "otel-discord" in merged(FLEET)["services"]


def test_grpc_is_spoken_in_http_2() -> None:
    spoken = {
        name: set(next(iter(each["typed_extension_protocol_options"].values()))["explicit_http_config"])
        for name, each in clusters().items()
    }
    grpc, http = (routed()[OPENED[name]][0] for name in ("otlp-grpc", "otlp-http"))
    assert spoken == {grpc: {"http2_protocol_options"}, http: {"http_protocol_options"}}


def test_only_a_replica_that_is_well_gets_requests() -> None:
    health = configuration("docker/postgresql.yaml")["extensions"]["health_check"]
    for each in clusters().values():
        (check,) = each["health_checks"]
        assert check["http_health_check"]["path"] == health.get("path", "/")
        (endpoint,) = each["load_assignment"]["endpoints"][0]["lb_endpoints"]
        assert endpoint["endpoint"]["health_check_config"]["port_value"] == OPENED["health"]
        assert each["common_lb_config"]["healthy_panic_threshold"]["value"] == 0
        assert each["type"] == "STRICT_DNS"  # every address of the name, so every replica


def test_nothing_that_a_replica_may_have_accepted_is_sent_again() -> None:
    for _, route in routed().values():
        assert set(route["retry_policy"]["retry_on"].split(",")) <= {"connect-failure", "refused-stream"}


def test_nobody_can_steer_it_and_it_needs_no_merge_keys() -> None:
    assert "admin" not in document(PATH)
    assert "<<" not in PATH.read_text(encoding="utf-8")  # Envoy's reader of YAML does not know them


def test_envoy_itself_reads_it() -> None:
    output("envoy", "--mode", "validate", "--config-path", str(PATH))
