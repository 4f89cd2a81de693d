"""The address of a webhook: what is taken, what is refused, and that no refusal repeats the token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.webhook_url import (
    DEFAULT_ENDPOINT,
    WebhookUrlError,
    is_snowflake,
    parse_webhook_url,
    validate_endpoint,
)

ID = "1234567890123456789"
TOKEN = "Kp3_" + "aB9-" * 16
REST = f"{ID}/{TOKEN}"

ACCEPTED = [
    f"https://discord.com/api/webhooks/{REST}",
    f"https://discordapp.com/api/webhooks/{REST}",
    f"https://ptb.discord.com/api/webhooks/{REST}",
    f"https://canary.discord.com/api/webhooks/{REST}",
    f"https://ptb.discordapp.com/api/webhooks/{REST}",
    f"https://canary.discordapp.com/api/webhooks/{REST}",
    f"https://discord.com/api/v6/webhooks/{REST}",
    f"https://discord.com/api/v10/webhooks/{REST}",
    f"https://discord.com/api/v11/webhooks/{REST}",
    f"https://discord.com/api/webhooks/{REST}/",
    f"https://discord.com/api/webhooks/{REST}?wait=true",
    f"https://discord.com/api/webhooks/{REST}/?wait=true&with_components=1",
    f"https://discord.com:443/api/webhooks/{REST}",
    f"HTTPS://Discord.COM/api/webhooks/{REST}",
    f"  https://discord.com/api/webhooks/{REST}\n",
    f"https://discord.com/api/webhooks/{REST}\r\n",
]

REFUSED = [
    ("", "empty"),
    ("   \n", "empty"),
    (TOKEN, "https://"),
    (REST, "https://"),
    (f"discord.com/api/webhooks/{REST}", "https://"),
    (f"//discord.com/api/webhooks/{REST}", "https://"),
    (f"http://discord.com/api/webhooks/{REST}", "https://"),
    (f"ftp://discord.com/api/webhooks/{REST}", "https://"),
    (f"javascript://discord.com/api/webhooks/{REST}", "https://"),
    (f"https:discord.com/api/webhooks/{REST}", "https://"),
    (f"https:///api/webhooks/{REST}", "https://"),
    (f"https://user@discord.com/api/webhooks/{REST}", "user name"),
    (f"https://user:pass@discord.com/api/webhooks/{REST}", "user name"),
    (f"https://discord.com@evil.example/api/webhooks/{REST}", "user name"),
    (f"https://@discord.com/api/webhooks/{REST}", "user name"),
    (f"https://evil.example/@discord.com/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://127.0.0.1/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://[::1]/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://[::ffff:10.0.0.1]/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://[::1/api/webhooks/{REST}", "well-formed"),
    (f"https://2130706433/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://169.254.169.254/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://localhost/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://discord.com.evil.example/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://discord.com.evil/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://evildiscord.com/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://www.discord.com/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://ptb.canary.discord.com/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://discord.co/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://xn--dscord-2ta.com/api/webhooks/{REST}", "not the address of a Discord webhook"),
    (f"https://dіscord.com/api/webhooks/{REST}", "not ASCII"),
    (f"https://discord。com/api/webhooks/{REST}", "not ASCII"),
    (f"https://discord.com./api/webhooks/{REST}", "host"),
    (f"https://discord.com%2f.evil.example/api/webhooks/{REST}", "host"),
    (f"https://discord.com%00/api/webhooks/{REST}", "host"),
    (f"https://discord.com:/api/webhooks/{REST}", "host"),
    (f"https://discord.com:8443/api/webhooks/{REST}", "port"),
    (f"https://discord.com:99999/api/webhooks/{REST}", "well-formed"),
    (f"https://discord.com:abc/api/webhooks/{REST}", "well-formed"),
    (f"https://discord.com\\@evil.example/api/webhooks/{REST}", "backslash"),
    (f"https://discord.com\\api\\webhooks\\{ID}\\{TOKEN}", "backslash"),
    (f"https://discord.com/api/webhooks/{ID}\r\nHost: evil/{TOKEN}", "line break"),
    (f"https://discord.com/api/webhooks/{ID}\t/{TOKEN}", "space"),
    (f"https://discord.com/api/webhooks/{ID}/ {TOKEN}", "space"),
    (f"https://discord.com/api/webhooks/{ID}/{TOKEN}\x00", "line break"),
    (f"https://discord.com/api/webhooks/{ID}%2F{TOKEN}", "number"),
    (f"https://discord.com/api/webhooks/{ID}/{TOKEN}%2f..", "token holds"),
    (f"https://discord.com/api/webhooks/{ID}/{TOKEN}%0d%0a", "token holds"),
    (f"https://discord.com//api/webhooks/{REST}", "path"),
    (f"https://discord.com/api//webhooks/{REST}", "path"),
    (f"https://discord.com/api/webhooks//{REST}", "number"),
    (f"https://discord.com/api/webhooks/{ID}//{TOKEN}", "follows"),
    (f"https://discord.com/api/webhooks/{REST}//", "follows"),
    (f"https://discord.com/api/../api/webhooks/{REST}", "path"),
    (f"https://discord.com/webhooks/{REST}", "path"),
    (f"https://discord.com/api/vX/webhooks/{REST}", "path"),
    (f"https://discord.com/api/webhook/{REST}", "path"),
    (f"https://discord.com/API/webhooks/{REST}", "path"),
    ("https://discord.com", "path"),
    ("https://discord.com/api/webhooks", "number"),
    ("https://discord.com/api/webhooks/", "number"),
    (f"https://discord.com/api/webhooks/{ID}", "token is missing"),
    (f"https://discord.com/api/webhooks/{ID}/", "token is missing"),
    (f"https://discord.com/api/webhooks/{ID}/slack", "token is missing"),
    (f"https://discord.com/api/webhooks/{TOKEN}", "number"),
    (f"https://discord.com/api/webhooks/{TOKEN}/{ID}", "number"),
    (f"https://discord.com/api/webhooks/0/{TOKEN}", "number"),
    (f"https://discord.com/api/webhooks/-1/{TOKEN}", "number"),
    (f"https://discord.com/api/webhooks/18446744073709551616/{TOKEN}", "number"),
    (f"https://discord.com/api/webhooks/012/{TOKEN}", "number"),
    (f"https://discord.com/api/webhooks/1e5/{TOKEN}", "number"),
    (f"https://discord.com/api/webhooks/{ID}/{TOKEN}.", "token holds"),
    (f"https://discord.com/api/webhooks/{ID}/{TOKEN}=", "token holds"),
    (f"https://discord.com/api/webhooks/{REST}/slack", "/slack"),
    (f"https://discord.com/api/webhooks/{REST}/github", "/github"),
    (f"https://discord.com/api/webhooks/{REST}/github?wait=true", "/github"),
    (f"https://discord.com/api/webhooks/{REST}/messages/1", "follows"),
    (f"https://discord.com/api/webhooks/{REST}#x", "#"),
    (f"https://discord.com/api/webhooks/{REST}?thread_id=abc", "thread_id"),
    (f"https://discord.com/api/webhooks/{REST}?thread_id=", "thread_id"),
    (f"https://discord.com/api/webhooks/{REST}?thread_id=1&thread_id=2", "more than once"),
    (f"https://discord.com/channels/{ID}/{ID}", "link of a channel"),
    ("https://discord.gg/abcdef", "not the address of a Discord webhook"),
    (f"https://hooks.slack.com/services/T0/B0/{TOKEN}", "not the address of a Discord webhook"),
    (f'"https://discord.com/api/webhooks/{REST}"', "quotes"),
    (f"<https://discord.com/api/webhooks/{REST}>", "brackets"),
    ("${env:DISCORD_WEBHOOK_URL}", "variable"),
    (f"https://discord.com/api/webhooks/{ID}/{TOKEN * 40}", "longer"),
    (f"https://{TOKEN}/api/webhooks/{ID}", "not the address of a Discord webhook"),
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_every_form_that_discord_hands_out_is_taken(text: str) -> None:
    webhook = parse_webhook_url(text)
    assert (webhook.id, webhook.token.reveal(), webhook.thread_id) == (ID, TOKEN, "")


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_everything_else_is_refused_with_a_hint_and_without_the_token(text: str, expected: str) -> None:
    with pytest.raises(WebhookUrlError) as caught:
        parse_webhook_url(text)
    assert expected in str(caught.value)
    assert TOKEN.casefold() not in str(caught.value).casefold()
    assert caught.value.__cause__ is None


def test_the_thread_is_kept_and_the_rest_of_the_query_is_not() -> None:
    assert parse_webhook_url(f"https://discord.com/api/webhooks/{REST}?wait=true&thread_id=42&x=y").thread_id == "42"


def test_the_largest_snowflake_is_taken() -> None:
    assert parse_webhook_url(f"https://discord.com/api/webhooks/{2**64 - 1}/t").id == str(2**64 - 1)
    assert not is_snowflake("١٢٣")
    assert not is_snowflake("12\n")


def test_it_prints_without_its_token() -> None:
    webhook = parse_webhook_url(ACCEPTED[0])
    assert TOKEN not in f"{webhook} {webhook!r}"
    assert str(webhook) == f"webhook {ID}/…{TOKEN[-4:]}"


@pytest.mark.parametrize(
    ("text", "endpoint", "allow_insecure"),
    [
        (f"http://127.0.0.1:8080/api/webhooks/{REST}", "http://127.0.0.1:8080/api/v10", True),
        (f"http://127.0.0.1:8080/api/v10/webhooks/{REST}", "http://127.0.0.1:8080", True),
        (f"http://[::1]:8080/api/webhooks/{REST}", "http://[::1]:8080/api/v10", True),
        (f"https://proxy.example/discord/api/webhooks/{REST}", "https://proxy.example/discord/api/v10", False),
        (f"https://proxy.example/webhooks/{REST}", "https://proxy.example/api/v10", False),
        (f"https://discord.com/api/webhooks/{REST}", "http://127.0.0.1:8080/api/v10", True),
    ],
)
def test_the_host_of_the_endpoint_is_taken_too(text: str, endpoint: str, allow_insecure: bool) -> None:
    webhook = parse_webhook_url(text, endpoint=endpoint, allow_insecure=allow_insecure)
    assert (webhook.id, webhook.token.reveal()) == (ID, TOKEN)


@pytest.mark.parametrize(
    ("text", "endpoint", "allow_insecure"),
    [
        (f"http://127.0.0.1:8080/api/webhooks/{REST}", "http://127.0.0.1:8080/api/v10", False),
        (f"http://127.0.0.2:8080/api/webhooks/{REST}", "http://127.0.0.1:8080/api/v10", True),
        (f"http://discord.com/api/webhooks/{REST}", DEFAULT_ENDPOINT, True),
        (f"http://127.0.0.1:8080/a//webhooks/{REST}", "http://127.0.0.1:8080/api/v10", True),
    ],
)
def test_an_endpoint_opens_no_other_door(text: str, endpoint: str, allow_insecure: bool) -> None:
    with pytest.raises(WebhookUrlError):
        parse_webhook_url(text, endpoint=endpoint, allow_insecure=allow_insecure)


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("https://discord.com/api/v10", "https://discord.com/api/v10"),
        ("https://discord.com/api/v10/", "https://discord.com/api/v10"),
        ("https://discord.com/api/v9", "https://discord.com/api/v10"),
        ("https://discord.com/api", "https://discord.com/api/v10"),
        ("https://discord.com", "https://discord.com/api/v10"),
        ("https://proxy.example:8443/discord", "https://proxy.example:8443/discord/api/v10"),
        (" https://[::1]:8443/ ", "https://[::1]:8443/api/v10"),
    ],
)
def test_every_endpoint_ends_in_version_10(endpoint: str, expected: str) -> None:
    assert validate_endpoint(endpoint) == expected


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "discord.com",
        "http://127.0.0.1:8080",
        "ftp://discord.com",
        "https://user:pw@discord.com",
        "https://discord.com/api/v10?x=1",
        "https://discord.com/api/v10#x",
        "https://discord.com/a//b",
        "https://discord.com/api/web hooks",
        "https://discord.com/%2e%2e",
        "https://discord.com:port",
        f"https://discord.com/api/webhooks/{REST}",
        "https://",
    ],
)
def test_a_bad_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(WebhookUrlError) as caught:
        validate_endpoint(endpoint)
    assert TOKEN not in str(caught.value)


def test_http_is_for_those_who_ask_for_it() -> None:
    assert validate_endpoint("http://127.0.0.1:1", allow_insecure=True) == "http://127.0.0.1:1/api/v10"


@given(
    st.text(max_size=40), st.text(max_size=40), st.sampled_from(["", "https://", "https://discord.com/api/webhooks/"])
)
def test_no_text_around_a_token_makes_an_error_repeat_it(before: str, after: str, prefix: str) -> None:
    assert TOKEN.casefold() not in _answer(f"{prefix}{before}{TOKEN}{after}").casefold()


def _answer(text: str) -> str:
    try:
        return repr(parse_webhook_url(text))
    except WebhookUrlError as error:
        return str(error)
