"""Stack traces: what is kept, what is folded, in every language that is known."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.evidence_text import trim_trace
from otel_discord.exporters.discord.facts_trace import language_of, parse_trace
from otel_discord.exporters.discord.facts_trace_parts import Kind

PYTHON = (
    'Traceback (most recent call last):\n  File "/usr/lib/python3.11/asyncio/runners.py", line 190, in run\n'
    "    return runner.run(main)\n"
    + "".join(
        f'  File "/venv/lib/python3.11/site-packages/sqlalchemy/engine/base.py", line {n}, in _run\n    go({n})\n'
        for n in range(14)
    )
    + '  File "/srv/app/cart/views.py", line 40, in checkout\n    total = add_tax(cart)\n            ^^^^^^^^^^^^^\n'
    '  File "/srv/app/cart/totals.py", line 118, in add_tax\n    total = subtotal + rate\n'
    "TypeError: unsupported operand type(s) for +: 'int' and 'str'"
)
CHAINED = (
    'Traceback (most recent call last):\n  File "/srv/app/a.py", line 1, in f\n    d["rate"]\nKeyError: \'rate\'\n\n'
    "The above exception was the direct cause of the following exception:\n\n" + PYTHON
)
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/srv/shop/main.py", line 16, in main
  |     async with asyncio.TaskGroup() as tasks:
  |   File "/usr/lib/python3.11/asyncio/taskgroups.py", line 145, in __aexit__
  |     raise me from None
  | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/shop/main.py", line 10, in work
    |     rates["rate"]
    |     ~~~~~^^^^^^^^
    | KeyError: 'rate'
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/srv/shop/pay.py", line 3, in pay
    |     raise TimeoutError("gateway did not answer in 30 s")
    | TimeoutError: gateway did not answer in 30 s
    |
    | The above exception was the direct cause of the following exception:
    |
    | Traceback (most recent call last):
    |   File "/srv/shop/main.py", line 13, in work
    |     raise RuntimeError("no pay") from error
    | RuntimeError: no pay
    +------------------------------------"""
JAVA = """java.lang.IllegalStateException: Could not charge
\tat org.springframework.web.Filter.go(Filter.java:8)
\tat com.shop.Payments.charge(Payments.java:42)
\tat com.shop.Checkout.submit(Checkout.java:17)
\tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:897)
\tat java.base/java.lang.Thread.run(Thread.java:833)
Caused by: java.net.SocketTimeoutException: Read timed out
\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)
\t... 12 more"""
GO = """panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.(*Cart).Total(0xc000012345, 0x5)
\t/srv/shop/cart.go:88 +0x1d
github.com/gin-gonic/gin.(*Context).Next(...)
\t/home/go/pkg/mod/github.com/gin-gonic/gin@v1.9.0/context.go:174 +0x2b
net/http.HandlerFunc.ServeHTTP(0x0)
\t/usr/local/go/src/net/http/server.go:2122 +0x2f
"""
JAVASCRIPT = """TypeError: Cannot read properties of undefined (reading 'price')
    at total (/srv/app/src/cart.js:12:31)
    at Layer.handle [as handle_request] (/srv/app/node_modules/express/lib/router/layer.js:95:5)
    at /srv/app/node_modules/@scope/tool/index.js:1:2
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"""
DOTNET = """System.InvalidOperationException: Sequence contains no elements
   at System.Linq.ThrowHelper.ThrowNoElementsException()
   at Shop.Cart.Total(Order order) in /src/Shop/Cart.cs:line 42
   at Microsoft.AspNetCore.Mvc.Infrastructure.ActionMethodExecutor.Execute(Object a)"""


@pytest.mark.parametrize(
    ("text", "language", "location", "error"),
    [
        (
            PYTHON,
            "py",
            "cart/totals.py:118 in add_tax",
            "TypeError: unsupported operand type(s) for +: 'int' and 'str'",
        ),
        (
            CHAINED,
            "py",
            "cart/totals.py:118 in add_tax",
            "TypeError: unsupported operand type(s) for +: 'int' and 'str'",
        ),
        (JAVA, "java", "Payments.java:42 in Payments.charge", "java.lang.IllegalStateException: Could not charge"),
        (
            GO,
            "go",
            "shop/cart.go:88 in main.(*Cart).Total",
            "panic: runtime error: index out of range [5] with length 3",
        ),
        (
            JAVASCRIPT,
            "js",
            "src/cart.js:12 in total",
            "TypeError: Cannot read properties of undefined (reading 'price')",
        ),
        (
            DOTNET,
            "cs",
            "Shop/Cart.cs:42 in Cart.Total",
            "System.InvalidOperationException: Sequence contains no elements",
        ),
        ("some\nother: text", "", "", ""),
    ],
)
def test_traces_are_read(text: str, language: str, location: str, error: str) -> None:
    trace = parse_trace(text)
    assert (trace.language, trace.location, trace.error) == (language, location, error)


def test_a_short_trace_stays_whole() -> None:
    excerpt = trim_trace(parse_trace(JAVA), JAVA, len(JAVA))
    assert excerpt.text == JAVA
    assert not excerpt.is_cut


def test_python_keeps_own_frames_and_the_error() -> None:
    assert trim_trace(parse_trace(PYTHON), PYTHON, 330).text == (
        "  … 15 frames of asyncio and sqlalchemy\n"
        '  File "app/cart/views.py", line 40, in checkout\n'
        "    total = add_tax(cart)\n"
        '  File "app/cart/totals.py", line 118, in add_tax\n'
        "    total = subtotal + rate\n"
        "TypeError: unsupported operand type(s) for +: 'int' and 'str'"
    )


def test_of_an_exception_group_what_is_in_it_is_shown() -> None:
    trace = parse_trace(GROUP)
    assert trace.error == "ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)"
    assert trace.location == "shop/main.py:16 in main"
    assert trim_trace(trace, GROUP, 420).text == (
        "  … 1 frame of asyncio, 1 of your own\n"
        "ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)\n"
        "sub-exception 1:\n"
        '  File "srv/shop/main.py", line 10, in work\n'
        '    rates["rate"]\n'
        "KeyError: 'rate'\n"
        "sub-exception 2:\n"
        "  shop/pay.py:3 in pay\n"
        "TimeoutError: gateway did not answer in 30 s\n"
        "which led to:\n"
        '  File "srv/shop/main.py", line 13, in work\n'
        '    raise RuntimeError("no pay") from error\n'
        "RuntimeError: no pay"
    )


def test_what_a_group_holds() -> None:
    assert parse_trace(GROUP).inside == ("KeyError: 'rate'", "RuntimeError: no pay")
    assert parse_trace(CHAINED).inside == ()
    first, _, _ = GROUP.partition("    +---------------- 2")
    alone = parse_trace(f"{first}    +------------------------------------")
    assert alone.inside == ("KeyError: 'rate'",)
    assert alone.location == "shop/main.py:10 in work"


def test_a_group_that_led_to_another_error_does_not_name_it() -> None:
    inner = GROUP.replace("RuntimeError: no pay", "RuntimeError: pay")
    text = f"{inner}\n\nDuring handling of the above exception, another exception occurred:\n\n{PYTHON}"
    trace = parse_trace(text)
    assert trace.error == "TypeError: unsupported operand type(s) for +: 'int' and 'str'"
    assert trace.location == "cart/totals.py:118 in add_tax"
    assert trace.inside == ()


@pytest.mark.parametrize("line", ["[Previous line repeated 971 more times]", "[971 more frames]"])
def test_frames_that_were_never_printed_are_counted(line: str) -> None:
    frame = '  File "/srv/app/walk.py", line 3, in walk\n    walk(node.child_of_a_rather_long_name)\n'
    text = f"Traceback (most recent call last):\n{frame * 9}  {line}\n{frame}RecursionError: too deep"
    shown = trim_trace(parse_trace(text), text, 250).text
    assert shown.startswith("  … 8 frames of your own\n")
    assert "\n  … 971 frames\n" in shown


def test_the_root_cause_survives() -> None:
    text = trim_trace(parse_trace(CHAINED), CHAINED, 420).text
    assert text.startswith(
        '  File "srv/app/a.py", line 1, in f\n    d["rate"]\nKeyError: \'rate\'\nwhich led to:\n'
        '  … 15 frames of asyncio and sqlalchemy\n  File "app/cart/views.py", line 40, in checkout\n'
    )
    assert text.endswith("'int' and 'str'")
    java = trim_trace(parse_trace(JAVA), JAVA, 300).text
    assert "Caused by: java.net.SocketTimeoutException: Read timed out" in java
    assert "at com.shop.Payments.charge(Payments.java:42)" in java
    assert "springframework.web.servlet" not in java


@pytest.mark.parametrize(
    ("text", "limit", "folded"),
    [(GO, 160, "of gin and net"), (JAVASCRIPT, 190, "… 3 frames of 3 libraries")],
)
def test_libraries_are_folded(text: str, limit: int, folded: str) -> None:
    shown = trim_trace(parse_trace(text), text, limit).text
    assert folded in shown
    assert any(part.text.split("\n")[0] in shown for part in parse_trace(text).parts if part.kind is Kind.APPLICATION)


def test_without_own_frames_the_innermost_of_libraries_are_kept() -> None:
    text = "java.io.IOException: gone\n" + "".join(f"\tat java.util.A{n}.run(A{n}.java:{n})\n" for n in range(60))
    shown = trim_trace(parse_trace(text), text, 250).text
    assert "at java.util.A0.run(A0.java:0)" in shown
    assert "A59" not in shown


@pytest.mark.parametrize("text", [PYTHON, CHAINED, JAVA, GO, JAVASCRIPT, DOTNET, "x" * 3000, "a\n" * 3000])
@pytest.mark.parametrize("limit", [1, 20, 60, 119, 120, 200, 330, 500])
def test_never_longer_than_the_limit(text: str, limit: int) -> None:
    assert len(trim_trace(parse_trace(text), text, limit).text) <= limit


DEMO = (
    'Traceback (most recent call last):\n  File "/srv/app/shop/demo_shop.py", line 84, in charge_card\n'
    '    raise TimeoutError("no answer from gateway within 30 s")\nTimeoutError: no answer from gateway within 30 s\n\n'
    "The above exception was the direct cause of the following exception:\n\n"
    'Traceback (most recent call last):\n  File "/srv/app/shop/demo_shop.py", line 119, in unconfirmed\n'
    '    charge_card(self.order)\n  File "/srv/app/shop/demo_shop.py", line 86, in charge_card\n'
    '    raise ConnectionError(f"payment for order {order} could not be confirmed") from timeout\n'
    "ConnectionError: payment for order 48213 could not be confirmed"
)


def test_a_lone_frame_is_shown_rather_than_hidden_behind_a_line() -> None:
    assert trim_trace(parse_trace(DEMO), DEMO, 340).text == (
        "  shop/demo_shop.py:84 in charge_card\n"
        "TimeoutError: no answer from gateway within 30 s\n"
        "which led to:\n"
        '  File "app/shop/demo_shop.py", line 119, in unconfirmed\n'
        '  File "app/shop/demo_shop.py", line 86, in charge_card\n'
        '    raise ConnectionError…(+50)…d") from timeout\n'
        "ConnectionError: payment for order 48213 could not be confirmed"
    )


@given(st.sampled_from([PYTHON, CHAINED, GROUP, JAVA, GO, DEMO]), st.integers(330, 1_500))
def test_what_is_hidden_has_an_owner_and_is_no_lone_frame_of_the_application(text: str, limit: int) -> None:
    for line in trim_trace(parse_trace(text), text, limit).text.split("\n"):
        if "…" in line and " frame" in line:
            assert " of " in line
            assert line != "  … 1 frame of your own"


LINES = [*PYTHON.split("\n")[:6], *JAVA.split("\n"), *GO.split("\n"), *JAVASCRIPT.split("\n"), *DOTNET.split("\n")]


@given(st.lists(st.sampled_from(LINES) | st.text(max_size=30), max_size=40).map("\n".join), st.integers(40, 600))
def test_any_mixture_is_trimmed(text: str, limit: int) -> None:
    language_of(text)
    excerpt = trim_trace(parse_trace(text), text, limit)
    assert len(excerpt.text) <= limit
    assert excerpt.is_cut == (len(text) > limit)


NOT_FOUND = (
    "Traceback (most recent call last):\n"
    + "".join(
        f'  File "/venv/lib/python3.11/site-packages/starlette/{n}.py", line {n}, in call\n    await self.app(scope)\n'
        for n in range(9)
    )
    + "".join(
        f'  File "/srv/shop/step{n}.py", line {n}, in step{n}\n    return await step(order, {n})\n' for n in range(12)
    )
    + '  File "/venv/lib/python3.11/site-packages/httpx/_models.py", line 829, in raise_for_status\n    raise error\n'
    "httpx.HTTPStatusError: Client error '404 Not Found' for url 'https://pay.example/charge'\n"
    "For more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/404"
)


def test_of_a_message_of_several_lines_the_first_is_the_error() -> None:
    """What follows it is shown where there is room for it, and never in its place."""
    trace = parse_trace(NOT_FOUND)
    assert trace.error.startswith("httpx.HTTPStatusError: Client error '404 Not Found'")
    shown = trim_trace(trace, NOT_FOUND, 420).text
    assert shown.endswith(
        "\n  httpx/_models.py:829 in raise_for_status\nhttpx.HTTPStatusError: Client error '404 Not Found' for url 'https://pay.example/charge'"
    )
    noted = PYTHON + "\nwhile adding the tax of order 7\nof a customer in France"
    assert parse_trace(noted).error == parse_trace(PYTHON).error
    assert trim_trace(parse_trace(noted), noted, 420).text.endswith(
        "'int' and 'str'\nwhile adding the tax of order 7\nof a customer in France"
    )
    java = JAVA.replace("Could not charge", "Could not charge\norder 7\nof France").replace(
        "timed out", "timed out\nat once"
    )
    assert parse_trace(java).error == "java.lang.IllegalStateException: Could not charge"
    assert "Caused by: java.net.SocketTimeoutException: Read timed out" in trim_trace(parse_trace(java), java, 300).text


def test_frames_that_are_shown_have_their_source_and_own_ones_that_are_not_are_counted() -> None:
    shown = trim_trace(parse_trace(NOT_FOUND), NOT_FOUND, 420).text
    left_out = re.match(r"  … (\d+) frames of starlette, (\d+) of your own\n", shown)
    assert left_out
    frames = shown.count("  File ")
    assert [int(each) for each in left_out.groups()] == [9, 12 - frames]
    assert all(f"step(order, {number})" in shown for number in (9, 10, 11))


@given(st.sampled_from([PYTHON, CHAINED, GROUP, NOT_FOUND, JAVA, GO]), st.integers(60, 1_500))
def test_an_excerpt_keeps_its_bound(text: str, limit: int) -> None:
    assert len(trim_trace(parse_trace(text), text, limit).text) <= limit
