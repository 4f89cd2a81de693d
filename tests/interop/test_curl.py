"""JSON by hand, as in a shell script: curl, and Python's own HTTP client where curl is missing."""

import http.client
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.interop.delivery import assert_arrived
from tests.interop.far_end import FarEnd
from tests.interop.otlp_json import RESOURCE, pair, request
from tests.interop.plan import Plan, Record, plan
from tests.interop.processes import CLIENT_S, running
from tests.interop.service import Service

Post = Callable[[str, bytes, Path], Any]
BATCH = 16


def with_curl(address: str, body: bytes, folder: Path) -> Any:
    (folder / "body.json").write_bytes(body)
    command = ["curl", "--silent", "--show-error", "--fail-with-body", "--noproxy", "*", "--max-time", str(CLIENT_S)]
    command += ["--header", "Content-Type: application/json", "--data-binary", "@body.json"]
    with running([*command, f"http://{address}/v1/logs"], folder, "curl") as curl:
        finished = curl.finished()
    assert finished.code == 0, f"{finished.out}\n{finished.err}"
    return json.loads(finished.out)


def with_http_client(address: str, body: bytes, folder: Path) -> Any:
    connection = http.client.HTTPConnection(address, timeout=CLIENT_S)
    try:
        connection.request("POST", "/v1/logs", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        assert answer.headers["Content-Type"] == "application/json"
        return json.load(answer)
    finally:
        connection.close()


NEEDS_CURL = pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
WAYS = [pytest.param(with_curl, marks=NEEDS_CURL, id="curl"), pytest.param(with_http_client, id="http.client")]


@pytest.mark.parametrize("post", WAYS)
def test_each_record_arrives_once_and_in_order(post: Post, service: Service, far_end: FarEnd, tmp_path: Path) -> None:
    wanted = plan("json", streams=1)
    records = list(wanted.records)
    for start in range(0, len(records), BATCH):
        assert post(service.http, request(records[start : start + BATCH]), tmp_path) == {}
    assert_arrived(service, far_end, wanted)


def test_one_command_as_people_type_it(service: Service, far_end: FarEnd, tmp_path: Path) -> None:
    """Also snake_case, names of severities and numbers for 64-bit integers are understood."""
    post = with_curl if shutil.which("curl") else with_http_client
    wanted = Plan([Record("typed0", 1, "disk is full", 17, "", {"order.id": 1})])
    body = {
        "resource_logs": [
            {
                "resource": {"attributes": [pair(key, value) for key, value in RESOURCE.items()]},
                "scope_logs": [
                    {
                        "log_records": [
                            {
                                "time_unix_nano": time.time_ns(),
                                "severity_number": "SEVERITY_NUMBER_ERROR",
                                "body": {"string_value": "typed0 n0001 disk is full"},
                                "attributes": [{"key": "order.id", "value": {"int_value": 1}}],
                            }
                        ]
                    }
                ],
            }
        ]
    }
    assert post(service.http, json.dumps(body).encode(), tmp_path) == {}
    assert_arrived(service, far_end, wanted)
