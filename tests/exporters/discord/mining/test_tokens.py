"""What of one token varies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.exporters.discord.mining.tokens import DIGITS, closed_shape, is_name_of_host_or_file, shape

CONSTANT = [
    "timeout",
    "failed:",
    "****",
    "BLOCK*",
    "-",
    "/",
    "a/b",
    "read/write",
    "java.io.IOException",
    "com.jcraft.jsch.JSchException:",
    "workerEnv.init()",
    "mapred.task.id",
    "SELinux:",
    "can't",
    "(auth:SIMPLE)",
    "CONTAINER_REMOTE_LAUNCH",
    "shop.py",
    "Foo.bar(Foo.java)",
    "facade",
    "...",
    "ünïcödé",
    "=>",
    "a==b",
    "[preauth]",
    "msg=refused",
    "'open",
    "app.order.created",
    "user.info",
    "shop.pay.gone",
    "src/main",
]
VARIABLE = [
    "7",
    "-1",
    "0.5",
    "1,024",
    "41%",
    "10000ms",
    "16K",
    "0x14ed93111f20027",
    "a64f992",
    "effaced",
    "deadbeef",
    "550e8400-e29b-41d4-a716-446655440000",
    "blk_-1608999687919862906",
    "attempt_1445144423722_0020_m_000000_0",
    "10.251.73.220:50010",
    "/10.251.73.220:50010",
    "::1",
    "[::1]:5432",
    "fe80::1ff:fe23:4567:890a%eth0",
    "5c:50:15:36:bc:03",
    "aa:bb:cc:dd:ee:ff",
    "2017/7/3",
    "05:30:00.123",
    "2024-01-02T03:04:05Z",
    "v1.2.3-rc1",
    "/var/log/messages",
    "~/x",
    "./a.out",
    "a/b/c",
    "C:\\Windows\\x.log",
    "\\\\server\\share",
    "com.example.x/.Main",
    "https://shop.example.com/x?y=z",
    "alice@example.com",
    "ns.example.com",
    "example.io:80",
    "cdn.example.cc:443",
    "350µs",
    "17€",
    "£17.50",
    "-17.5°C",
    "arn:aws:iam::123456789012:user/alice",
    "urn:isbn:17",
    "com.shop",
    "/api/orders?expand=items&all=1",
    "com.example.mm",
    "src/main.py",
    "android/.x.Main",
    "www.shop",
    "com.android.phone",
    "app.properties",
    "true",
    "NULL",
    "root",
    "x+",
    "<1",
    "٣٤",
    "x" * 200,
    "x." * 200,
    "<*>",
]


@pytest.mark.parametrize("token", CONSTANT)
def test_it_stays(token: str) -> None:
    assert shape(token) == token


@pytest.mark.parametrize("token", VARIABLE)
def test_it_varies(token: str) -> None:
    assert closed_shape(token.translate(DIGITS)).rstrip(".") == "0"
    assert shape(token.translate(DIGITS)).rstrip(".") == "0"


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("uid=1001,", "uid=0,"),
        ("rhost=", "rhost=0"),
        ("(uid=0)", "(uid=0)"),
        ('tag="7"', "tag=0"),
        ('tag="A"', 'tag=0"A"'),
        ("ws=WorkSource{10113}", "ws=0"),
        ("pci_stats=[]", "pci_stats=0"),
        ("r24=0xfe", "r0=0"),
        ("a=1|b=2", "a=0|b=0"),
        ("key=0|android|17", "key=0"),
        ("error=E1001", "error=0"),
        ("err=refused", "err=refused"),
        ("[]", "[0]"),
        ("mac:1a:cf:c6:5c:28:6b", "mac:0"),
        ("addr:2001:db8::eaab", "addr:0"),
        ("Maps:9", "Maps:0"),
        ("core.2275.", "0."),
        ("id7,", "0,"),
        ("/var/x:", "0:"),
        ("/var/x?", "0?"),
        ("type=CardError,", "type=CardError,"),
        ("type=pay.Card2Error", "type=pay.Card0Error"),
        ("type=pay:CardError:", "type=pay:CardError:"),
        ("(0=sup,1=usr)", "(0=sup,0=usr)"),
        ("acme.v2.FooException", "acme.v0.FooException"),
        ("Http2Error,", "Http0Error,"),
        ("(dcr", "(dcr"),
        ("QuorumPeer$Server@33557fe4", "QuorumPeer$Server@0"),
        ("com.acme.Order@fabaced", "com.acme.Order@0"),
        ("jk2_init()", "0()"),
        ("order.v2.created", "order.v0.created"),
        ("web.v2.example.com", "0"),
        ("订单123支付失败", "订单0支付失败"),
        ("größer" * 30, "größer" * 30),
        ("mice.c(1766)", "mice.c(0)"),
        ("depth......2", "depth......0"),
        ("S3:", "S0:"),
        ("*v1.Pod:", "*v0.Pod:"),
        ("SHA256", "SHA0"),
        ("utf-8", "utf-0"),
        ("shop.py:17", "shop.py:0"),
        ("my.a+b:17", "my.a+b:0"),
        ("a.Foo:17", "a.Foo:0"),
        ("{'a':7}", "{'a':0}"),
        ('"disk7', '"disk0'),
    ],
)
def test_a_part_of_it_varies(token: str, expected: str) -> None:
    assert shape(token.translate(DIGITS)) == expected


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("a.b.example.museum", False),
        ("x.y.om", True),
        ("x.y.id", False),
        ("plain", False),
        ("a..b", False),
        ("main.rs", False),
        ("org.example.tool", True),
        ("Foo.Bar", False),
    ],
)
def test_names_of_hosts_and_files(name: str, is_one: bool) -> None:
    assert is_name_of_host_or_file(name) is is_one


PIECES = [*"ab0F.,;:=-_/@()[]{}", "S0", "sha000", "utf-0", "Error"]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join))
@settings(max_examples=300, deadline=None)
def test_the_quick_ways_say_what_the_long_way_says(token: str) -> None:
    assert shape(token) == closed_shape(token)
