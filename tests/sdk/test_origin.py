"""Where records come from."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.sdk.origin import environment_attributes, parsed_attributes, resource_attributes, service_of


@pytest.mark.parametrize(
    ("script", "module", "command", "service"),
    [
        ("/srv/shop/app.py", "", (), "app"),
        ("app", "", (), "app"),
        ("/usr/bin/gunicorn", "", (), "gunicorn"),
        ("/srv/shop/__main__.py", "", (), "shop"),
        ("/srv/shop/__main__.py", "shop.__main__", (), "shop"),
        ("/lib/uvicorn/__main__.py", "uvicorn.__main__", (), "uvicorn"),
        ("/srv/tools/sync.py", "tools.sync", (), "tools.sync"),
        ("/srv/shop.pyz", "__main__", (), "shop"),
        ("-m", "", ("python", "-X", "dev", "-m", "shop"), "shop"),
        ("-m", "", ("python", "-m"), "python"),
        ("-c", "", (), "python"),
        ("-", "", (), "python"),
        ("", "", (), "python"),
        ("/", "", (), "python"),
    ],
)
def test_a_service_is_called_by_the_way_it_was_started(
    script: str, module: str, command: tuple[str, ...], service: str
) -> None:
    assert service_of(script, module, command) == service


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("", {}),
        ("a=1,b=two", {"a": "1", "b": "two"}),
        (" a = 1 , b=two ,", {"a": "1", "b": "two"}),
        ("a=x%2Cy%3Dz%25", {"a": "x,y=z%"}),
        ("a=%C3%A4", {"a": "ä"}),
        ("a=ä", {"a": "ä"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=", {"a": ""}),
        ("service.name=", {}),
        ("k%3D=v", {"k=": "v"}),
    ],
)
def test_a_list_of_attributes(text: str, attributes: dict[str, str]) -> None:
    assert parsed_attributes(text) == attributes


@pytest.mark.parametrize("text", ["a", "=1", "a=1,b", "a=%", "a=%zz", "a=%FF"])
def test_a_list_that_cannot_be_read_is_left_out_as_a_whole_and_said(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    found = environment_attributes({"OTEL_RESOURCE_ATTRIBUTES": f"ok=1,{text}", "OTEL_SERVICE_NAME": "shop"})
    assert found == {"service.name": "shop"}
    assert [record.name for record in caplog.records] == ["otel_discord.sdk"]
    assert "OTEL_RESOURCE_ATTRIBUTES is left out" in caplog.text


@given(st.dictionaries(st.text(min_size=1).filter(str.strip), st.text()))
def test_what_is_encoded_comes_back(attributes: dict[str, str]) -> None:
    def encoded(text: str) -> str:
        return "".join(f"%{octet:02X}" for octet in text.encode())

    text = ",".join(f"{encoded(key)}={encoded(value)}" for key, value in attributes.items())
    if not attributes.get("service.name"):
        attributes.pop("service.name", None)
    assert parsed_attributes(text) == attributes


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert all(isinstance(value, str) for value in parsed_attributes(text).values())


def test_what_is_said_nearer_counts_more() -> None:
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "service.name=one,host.name=box,a=env,b=env", "OTEL_SERVICE_NAME": "two"}
    found = resource_attributes(None, None, None, environ)
    assert found == {"service.name": "two", "host.name": "box", "a": "env", "b": "env"}
    found = resource_attributes(None, None, {"service.name": "three", "a": ["x"]}, environ)
    assert (found["service.name"], found["a"], found["b"]) == ("three", ("x",), "env")
    found = resource_attributes("four", "test", {"service.name": "three", "deployment.environment.name": "x"}, environ)
    assert (found["service.name"], found["deployment.environment.name"]) == ("four", "test")


def test_without_a_word_it_has_a_name_and_a_host() -> None:
    found = resource_attributes(None, "", {}, {"OTEL_SERVICE_NAME": " "})
    assert found["service.name"]
    assert found["host.name"]
    assert "deployment.environment.name" not in found
