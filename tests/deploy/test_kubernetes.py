"""Kubernetes: valid by its own schemas, restricted, and true to what the configurations open and take."""

import copy
import json
import re
from typing import Any

import jsonschema
import pytest
import yaml

from otel_discord import __version__
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.service.config import ServiceConfig
from otel_discord.service.process_signals import START_TIMEOUT_S
from tests.deploy.dockerfile import stages
from tests.deploy.kubernetes import APPLIED, FOLDER, objects, one, schema
from tests.deploy.placed import document, listens

_, (_, IMAGE) = stages()
GIB = 1024**3
each_folder = pytest.mark.parametrize("name", APPLIED)


def pod(name: str) -> Any:
    return one(name, "Deployment")["spec"]["template"]["spec"]


def container(name: str) -> Any:
    (found,) = pod(name)["containers"]
    return found


def config(name: str) -> Any:
    return yaml.safe_load(one(name, "ConfigMap")["data"]["config.yaml"])


def ports(name: str) -> dict[str, int]:
    return {each["name"]: each["containerPort"] for each in container(name)["ports"]}


def violations(obj: Any) -> list[str]:
    validator = jsonschema.Draft7Validator(schema(obj["apiVersion"], obj["kind"]))
    return [f"{each.json_path}: {each.message}" for each in validator.iter_errors(obj)]


# ------------------------------------------------------------------------------------------------------ by its schemas
@each_folder
def test_each_object_keeps_its_schema(name: str) -> None:
    for obj in objects(name):
        assert violations(obj) == [], obj["kind"]


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_each_file_keeps_its_schema_as_far_as_it_goes(path: Any) -> None:
    obj = document(path)
    if path.name == "kustomization.yaml":
        for named in [*obj["resources"], *(each["path"] for each in obj.get("patches", []))]:
            assert (path.parent / named).exists()
        assert set(obj) <= {
            *("apiVersion", "kind", "namespace", "resources", "patches", "images"),
            *("configMapGenerator", "generatorOptions"),
        }
    elif path.name != "config.yaml":
        wrong = [each for each in violations(obj) if "is a required property" not in each]
        assert not wrong


def test_a_wrong_key_and_a_wrong_type_are_found() -> None:
    good = document(FOLDER / "base" / "deployment.yaml")
    bad = copy.deepcopy(good)
    bad["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
    assert violations(bad)
    bad = copy.deepcopy(good)
    bad["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = "45s"
    assert violations(bad)


# ---------------------------------------------------------------------------------------------- true to the service
@each_folder
def test_ports_are_what_the_configuration_opens(name: str) -> None:
    assert ports(name) == listens(config(name))
    assert {int(each) for each in IMAGE.one("EXPOSE").split()} == set(ports(name).values())
    served = one(name, "Service")["spec"]
    assert {each["port"] for each in served["ports"]} == {ports(name)[each] for each in ("otlp-grpc", "otlp-http")}
    assert all(each["targetPort"] in ports(name) for each in served["ports"])
    annotations = one(name, "Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert int(annotations["prometheus.io/port"]) == ports(name)["metrics"]


@each_folder
def test_probes_ask_the_page_that_the_configuration_serves(name: str) -> None:
    page = config(name)["extensions"]["health_check"].get("path", "/")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container(name)[probe]["httpGet"] == {"path": page, "port": "health"}
    start = container(name)["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] > START_TIMEOUT_S


@each_folder
def test_a_pod_has_the_time_to_drain(name: str) -> None:
    given = ServiceConfig.model_validate({"shutdown_timeout": config(name)["service"].get("shutdown_timeout", "10s")})
    (sleep,) = re.findall(r"sleep\((\d+)\)", " ".join(container(name)["lifecycle"]["preStop"]["exec"]["command"]))
    assert pod(name)["terminationGracePeriodSeconds"] > int(sleep) + 2 * given.shutdown_timeout
    assert container(name)["lifecycle"]["preStop"]["exec"]["command"][0] == "/opt/otel-discord/bin/python"


@each_folder
def test_it_runs_what_the_image_is_made_for(name: str) -> None:
    assert container(name)["image"].rpartition(":")[2] == __version__
    assert container(name)["args"] == json.loads(IMAGE.one("CMD"))
    user, _, group = IMAGE.one("USER").partition(":")
    context = pod(name)["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (int(user), int(group), int(group))
    mounts = {each["mountPath"]: each for each in container(name)["volumeMounts"]}
    assert IMAGE.one("VOLUME") in mounts
    assert "subPath" not in str(mounts)  # or a changed ConfigMap would never be seen
    assert {each["name"] for each in mounts.values()} == {each["name"] for each in pod(name)["volumes"]}
    assert config(name)["service"]["reload"]["on_file_change"] is True


@each_folder
def test_secrets_come_from_a_secret_that_is_not_in_these_files(name: str) -> None:
    assert not [each for each in objects(name) if each["kind"] == "Secret"]
    (volume,) = [each for each in pod(name)["volumes"] if each["name"] == "secrets"]
    (mount,) = [each for each in container(name)["volumeMounts"] if each["name"] == "secrets"]
    assert volume["secret"] == {"secretName": "otel-discord", "defaultMode": 0o440}
    assert {"name": "SECRETS_DIRECTORY", "value": mount["mountPath"]} in container(name)["env"]
    assert "${env:SECRETS_DIRECTORY:-" in config(name)["exporters"]["discord"]["webhook_url_file"]


# ------------------------------------------------------------------------------------------------------ held short
@each_folder
def test_a_pod_is_restricted(name: str) -> None:
    namespace = one(name, "Namespace")["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert all(each["metadata"].get("namespace") == namespace["name"] for each in objects(name)[1:])
    assert pod(name)["securityContext"]["runAsNonRoot"] is True
    assert pod(name)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(name)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod(name))
    kinds = {key for each in pod(name)["volumes"] for key in each} - {"name"}
    assert kinds <= {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}


@each_folder
def test_it_has_no_key_to_the_cluster(name: str) -> None:
    assert one(name, "ServiceAccount")["automountServiceAccountToken"] is False
    assert pod(name)["automountServiceAccountToken"] is False
    assert pod(name)["serviceAccountName"] == one(name, "ServiceAccount")["metadata"]["name"]


@each_folder
def test_it_asks_for_what_it_needs_and_has_an_end(name: str) -> None:
    resources = container(name)["resources"]
    assert {"cpu", "memory", "ephemeral-storage"} == set(resources["requests"])
    assert {"memory", "ephemeral-storage"} == set(resources["limits"])
    assert all("sizeLimit" in each["emptyDir"] for each in pod(name)["volumes"] if "emptyDir" in each)


@each_folder
def test_selectors_meet_the_pods(name: str) -> None:
    labels = one(name, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert one(name, "Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert one(name, "Service")["spec"]["selector"] == labels
    for each in objects(name):
        if each["kind"] == "NetworkPolicy":
            assert each["spec"]["podSelector"]["matchLabels"] == labels
        if each["kind"] == "PodDisruptionBudget":
            assert each["spec"]["selector"]["matchLabels"] == labels
    for spread in pod(name).get("topologySpreadConstraints", []):
        assert spread["labelSelector"]["matchLabels"] == labels


@each_folder
def test_the_network_is_open_for_otlp_names_and_discord_alone(name: str) -> None:
    (policy,) = [
        each["spec"]
        for each in objects(name)
        if (each["kind"], each["metadata"]["name"]) == ("NetworkPolicy", "otel-discord")
    ]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    enters = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
    assert enters == {"otlp-grpc", "otlp-http", "metrics"}
    assert enters <= set(ports(name))
    names, world = policy["egress"]
    # Kustomize adds labels to selectors of peers as well where it is told to: names would be asked of ourselves.
    assert [each["podSelector"]["matchLabels"] for each in names["to"]] == [{"k8s-app": "kube-dns"}]
    assert {(each["protocol"], each["port"]) for each in names["ports"]} == {("UDP", 53), ("TCP", 53)}
    assert [each["port"] for each in world["ports"]] == [443]
    for each in world["to"]:
        assert each["ipBlock"]["except"], "private addresses and those of a node are not Discord's"


# ------------------------------------------------------------------------------------------------------ one and several
def test_one_process_has_its_disk_to_itself() -> None:
    spec = one("single", "Deployment")["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}
    claim = one("single", "PersistentVolumeClaim")
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    (state,) = [each for each in pod("single")["volumes"] if each["name"] == "state"]
    assert state["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert "emptyDir" not in state
    (size,) = re.fullmatch(r"(\d+)Gi", claim["spec"]["resources"]["requests"]["storage"]).groups()  # type: ignore[union-attr]
    storage = FileStorageConfig()
    assert int(size) * GIB > (storage.max_mib + storage.damaged_files.max_mib + storage.min_free_mib) * 1024**2
    kinds = {each["kind"] for each in objects("single")}
    assert not kinds & {"PodDisruptionBudget", "HorizontalPodAutoscaler"}  # with one pod they only stand in the way


def test_a_fleet_is_never_without_replicas() -> None:
    spec = one("fleet", "Deployment")["spec"]
    assert spec["replicas"] == 3
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    scaler = one("fleet", "HorizontalPodAutoscaler")["spec"]
    assert scaler["minReplicas"] == 3
    assert scaler["scaleTargetRef"]["name"] == one("fleet", "Deployment")["metadata"]["name"]
    assert one("fleet", "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert "PersistentVolumeClaim" not in {each["kind"] for each in objects("fleet")}
    assert {each["topologyKey"] for each in pod("fleet")["topologySpreadConstraints"]} == {
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    }
    (policy,) = [each for each in objects("fleet") if each["metadata"]["name"] == "otel-discord-postgresql"]
    (rule,) = policy["spec"]["egress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 5432}]
    assert rule["to"][0]["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "postgresql"}
