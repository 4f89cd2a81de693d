"""What parsers give: JSON, CSV, pairs of keys and values, severities, URLs."""

from typing import Any

import pytest

from otel_discord.ottl.errors import OttlError
from tests.ottl.functions.converter_cases import ERROR, Case, check, named

CASES: list[Case] = [
    ("ParseJSON", ('{"attr":true,"n":1,"deep":[1.5,null,"x"]}',), {"attr": True, "n": 1.0, "deep": [1.5, None, "x"]}),
    ("ParseJSON", ('["attr1"]',), ["attr1"]),
    ("ParseJSON", ("",), ERROR),
    ("ParseJSON", ("{",), ERROR),
    ("ParseJSON", ("[" * 29 + "]" * 29,), ERROR),
    ("ParseJSON", ("[" * 100_000,), ERROR),
    ("ParseJSON", ('"' + "x" * 2**23 + '"',), ERROR),
    ("ParseJSON", (5,), ERROR),
    (
        "ParseCSV",
        ("999-999-9999,Joe Smith,joe.smith@example.com", "phone,name,email"),
        {"phone": "999-999-9999", "name": "Joe Smith", "email": "joe.smith@example.com"},
    ),
    ("ParseCSV", ('"a ""b""",c\n', "x,y"), {"x": 'a "b"', "y": "c"}),
    ("ParseCSV", ('"a\nb",', "x,y"), {"x": "a\nb", "y": ""}),
    ("ParseCSV", ('a "b" c,"d "e" f"', "x,y", ",", ",", "lazyQuotes"), {"x": 'a "b" c', "y": 'd "e" f'}),
    ("ParseCSV", ('"open', "x", ",", ",", "lazyQuotes"), {"x": "open"}),
    ("ParseCSV", ('"a|b', "x,y", "|", ",", "ignoreQuotes"), {"x": '"a', "y": "b"}),
    ("ParseCSV", ("a|b", "x|y", "|"), {"x": "a", "y": "b"}),
    ("ParseCSV", ('a"b', "x"), ERROR),
    ("ParseCSV", ('"a"b', "x"), ERROR),
    ("ParseCSV", ('"open', "x"), ERROR),
    ("ParseCSV", ("", "x"), ERROR),
    ("ParseCSV", ("a,b", "x"), ERROR),
    ("ParseCSV", ("a", ""), ERROR),
    ("ParseCSV", ("," * 10_001, "x"), ERROR),
    ("ParseCSV", ("a", "x", ",,"), ValueError),
    ("ParseCSV", ("a", "x", ",", ",", "loose"), ValueError),
    ("ParseKeyValue", ("k1=v1 k2=v2  k3=v=3 ",), {"k1": "v1", "k2": "v2", "k3": "v=3"}),
    ("ParseKeyValue", ("k1!v1_k2!v2", "!", "_"), {"k1": "v1", "k2": "v2"}),
    ("ParseKeyValue", ('a="x y" b=\'z "w\'',), {"a": "x y", "b": 'z "w'}),
    ("ParseKeyValue", ("",), ERROR),
    ("ParseKeyValue", ("a",), ERROR),
    ("ParseKeyValue", ("a='b",), ERROR),
    ("ParseKeyValue", ("a=1 " * 10_001,), ERROR),
    ("ParseKeyValue", ("a=1", "=", "="), ValueError),
    ("ParseKeyValue", ("a=1", ""), ValueError),
    ("ToKeyValueString", ({"k1": "v1", "k2": {"a": [1]}},), 'k1=v1 k2={\\"a\\":[1]}'),
    ("ToKeyValueString", ({"b": "v=2", "a": '"v=3"'}, "=", " ", True), 'a="\\"v=3\\"" b="v=2"'),
    ("ToKeyValueString", ({"b": 1, "a": None}, ":", ","), "b:1,a:"),
    ("ToKeyValueString", ("text",), ERROR),
    ("ToKeyValueString", ({}, " "), ValueError),
    ("ParseSeverity", ("inf", {"info": [{"equals": ["inf"]}, {"range": {"min": 200, "max": 299}}]}), "info"),
    ("ParseSeverity", (250, {"warn": [{"equals": ["x"]}], "info": [{"range": {"min": 200, "max": 299}}]}), "info"),
    ("ParseSeverity", (503, {"info": [{"range": "2xx"}], "error": [{"range": "5xx"}]}), "error"),
    ("ParseSeverity", (5, {"debug": [{"min": 1, "max": 9}]}), "debug"),
    ("ParseSeverity", ("what", {"info": [{"range": "2xx"}]}), ERROR),
    ("ParseSeverity", (True, {"info": [{"range": "2xx"}]}), ERROR),
    ("ParseSeverity", (5, {"info": "5xx"}), ERROR),
    ("ParseSeverity", (5, {"info": ["5xx"]}), ERROR),
    ("ParseSeverity", (5, {"info": [{"range": "9xx"}]}), ERROR),
    ("ParseSeverity", (5, {"info": [{"range": {"min": "a", "max": 1}}]}), ERROR),
    ("ParseSeverity", ("a", {"info": [{"equals": "a"}]}), ERROR),
    (
        "URL",
        ("http://www.example.com",),
        {
            "url.original": "http://www.example.com",
            "url.scheme": "http",
            "url.domain": "www.example.com",
            "url.path": "",
        },
    ),
    (
        "URL",
        ("http://myusername:mypassword@www.example.com:80/foo.gif?key1=val1&key2=val2#fragment",),
        {
            "url.path": "/foo.gif",
            "url.fragment": "fragment",
            "url.extension": "gif",
            "url.password": "mypassword",
            "url.original": "http://myusername:mypassword@www.example.com:80/foo.gif?key1=val1&key2=val2#fragment",
            "url.scheme": "http",
            "url.port": 80,
            "url.user_info": "myusername:mypassword",
            "url.domain": "www.example.com",
            "url.query": "key1=val1&key2=val2",
            "url.username": "myusername",
        },
    ),
    (
        "URL",
        ("//:p@[2001:db8::1]:443/a%20b.",),
        {
            "url.original": "//:p@[2001:db8::1]:443/a%20b.",
            "url.scheme": "",
            "url.domain": "2001:db8::1",
            "url.path": "/a b.",
            "url.port": 443,
            "url.user_info": ":p",
            "url.password": "p",
        },
    ),
    (
        "URL",
        ("http://u@[::1]",),
        {
            "url.original": "http://u@[::1]",
            "url.scheme": "http",
            "url.domain": "::1",
            "url.path": "",
            "url.user_info": "u",
            "url.username": "u",
        },
    ),
    *[
        ("URL", (bad,), ERROR)
        for bad in (
            "http://a b",
            "http://h:port",
            "http://h:999999",
            "http://[::1",
            "http://[::1]x:1",
            "http://h/%zz",
            "x" * 65_537,
        )
    ],
]


@pytest.mark.parametrize(("name", "arguments", "expected"), named(CASES))
def test_gives(call: Any, name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    check(call, name, arguments, expected)


def test_no_message_shows_the_data(call: Any) -> None:
    for name, arguments in (
        ("ParseJSON", ('{"password": hunter2}',)),
        ("Time", ("hunter2", "%Y")),
        ("Time", ("2024hunter2", "%Y")),
        ("ParseInt", ("hunter2", 10)),
        ("ParseKeyValue", ("hunter2",)),
        ("IsValidLuhn", ("hunter2",)),
        ("URL", ("http://hunter2:x:y",)),
        ("Duration", ("hunter2",)),
        ("TraceID", ("hunter2",)),
        ("ParseSeverity", ("hunter2", {})),
    ):
        with pytest.raises(OttlError) as error:
            call(name, *arguments)
        assert "hunter2" not in str(error.value), name
