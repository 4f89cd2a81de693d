"""Each strict rule: what a client does wrong is noted, though Discord may let it pass."""

from typing import Any

import pytest

from otel_discord.testing.fake_discord import (
    ODD_ANSWERS,
    RATE_LIMITED,
    RULES,
    FakeDiscord,
    FakeRequest,
    FakeWebhook,
    Fault,
    FormPart,
)

QUIET = {"allowed_mentions": {"parse": []}}
PNG = FormPart("files[0]", b"x", "a.png", "image/png")
LISTED = {"attachments": [{"id": 0, "filename": "a.png"}]}


def broken(fake: FakeDiscord) -> set[str]:
    return {violation.rule for violation in fake.violations}


def send(fake: FakeDiscord, hook: FakeWebhook, body: Any, query: str = "wait=true", **more: Any) -> int:
    return fake.handle(FakeRequest.of("POST", f"{hook.url}?{query}", json_body=body, **more)).status


def test_a_careful_client_is_clean(fake: FakeDiscord, hook: FakeWebhook) -> None:
    body = QUIET | {
        "embeds": [{"title": "a", "url": "https://a.invalid/1"}, {"title": "b", "url": "https://a.invalid/2"}]
    }
    send(fake, hook, body)
    send(fake, hook, QUIET | LISTED | {"embeds": [{"image": {"url": "attachment://a.png"}}]}, parts=(PNG,))
    fake.assert_clean()


@pytest.mark.parametrize(
    ("rule", "body", "more"),
    [
        ("missing_allowed_mentions", {"content": "x"}, {}),
        ("wait_false", QUIET | {"content": "x"}, {"query": "thread=1"}),
        ("unknown_key", QUIET | {"content": "x", "nonce": "1"}, {}),
        ("unknown_key", QUIET | {"embeds": [{"title": "t", "colour": 1}]}, {}),
        ("unknown_key", QUIET | {"embeds": [{"fields": [{"name": "n", "value": "v", "short": True}]}]}, {}),
        ("noise_key", QUIET | {"content": "x", "embeds": None}, {}),
        ("noise_key", QUIET | {"content": "x", "embeds": [{"title": "t", "description": ""}]}, {}),
        ("same_embed_url", QUIET | {"embeds": [{"title": "a", "url": "https://a.invalid"}] * 2}, {}),
        ("nul_character", QUIET | {"embeds": [{"title": "a\0"}]}, {}),
        ("timestamp_digits", QUIET | {"embeds": [{"title": "t", "timestamp": "2026-01-01T00:00:00.1234567Z"}]}, {}),
        ("attachment_url", QUIET | {"embeds": [{"image": {"url": "attachment://a.png"}}]}, {}),
        ("attachment_url", QUIET | {"embeds": [{"image": {"url": "attachment://b.png"}}]} | LISTED, {"parts": (PNG,)}),
        (
            "attachment_url",
            QUIET
            | {"embeds": [{"image": {"url": "attachment://a.txt"}}], "attachments": [{"id": 0, "filename": "a.txt"}]},
            {"parts": (FormPart("files[0]", b"x", "a.txt"),)},
        ),
        ("file_part_name", QUIET, {"parts": (FormPart("file", b"x", "a.txt"),)}),
        ("file_part_name", QUIET, {"parts": (PNG,)}),
        ("file_name", QUIET | LISTED, {"parts": (PNG, FormPart("files[1]", b"x", "a.png"))}),
        ("multipart_without_files", QUIET | {"content": "x"}, {"parts": ()}),
        ("user_agent_form", QUIET | {"content": "x"}, {"headers": {"User-Agent": "curl/8"}}),
    ],
)
def test_one_slip_is_noted(rule: str, body: Any, more: Any, fake: FakeDiscord, hook: FakeWebhook) -> None:
    assert 200 <= send(fake, hook, body, **more) < 300
    assert broken(fake) >= {rule}
    assert RULES[rule].strict
    with pytest.raises(AssertionError, match=rule):
        fake.assert_clean()
    fake.assert_clean(allow=list(broken(fake)))


def test_bytes_that_are_not_utf8_are_noted(fake: FakeDiscord, hook: FakeWebhook) -> None:
    assert send(fake, hook, {"content": "\ud800"}) == 400
    assert "not_utf8" in broken(fake)


def test_an_own_refusal_is_not_clean_and_a_fault_is_none(fake: FakeDiscord, hook: FakeWebhook) -> None:
    fake.faults.add(Fault(RATE_LIMITED["zero"]))
    send(fake, hook, QUIET | {"content": "x"})
    fake.assert_clean()
    send(fake, hook, QUIET)
    with pytest.raises(AssertionError, match="400 code 50006"):
        fake.assert_clean()


@pytest.mark.parametrize(
    ("shape", "same", "sibling", "stranger"),
    [
        ("user", True, False, False),
        ("shared", True, True, False),
        ("global", True, True, True),
        ("cloudflare_1015", True, True, True),
    ],
)
def test_a_wait_holds_for_whom_it_is_meant(
    shape: str, same: bool, sibling: bool, stranger: bool, clock: Any, fake: FakeDiscord
) -> None:
    channel = fake.add_channel()
    first, second, third = fake.add_webhook(channel), fake.add_webhook(channel), fake.add_webhook()
    fake.faults.add(Fault(RATE_LIMITED[shape]))
    send(fake, first, QUIET | {"content": "x"})
    clock.now_s += 0.01
    for hook, covered in ((first, same), (second, sibling), (third, stranger)):
        fake.violations.clear()
        send(fake, hook, QUIET | {"content": "x"})
        assert ("retry_after_ignored" in broken(fake)) == covered
    clock.now_s += 70_000
    fake.violations.clear()
    send(fake, first, QUIET | {"content": "x"})
    assert broken(fake) == set()


def test_what_was_sent_before_the_client_could_know_is_excused(
    clock: Any, fake: FakeDiscord, hook: FakeWebhook
) -> None:
    def arriving(sent_at_s: float) -> FakeRequest:
        made = FakeRequest.of("POST", f"{hook.url}?wait=true", json_body=QUIET | {"content": "x"})
        return FakeRequest(
            method=made.method,
            path=made.path,
            query=made.query,
            headers=made.headers,
            body=made.body,
            sent_at_s=sent_at_s,
        )

    fake.faults.add(Fault(RATE_LIMITED["user"]))
    fake.handle(arriving(1000.0), 1000.0, answer_takes_s=0.1)
    fake.handle(arriving(1000.05), 1000.05)
    assert broken(fake) == set()
    fake.handle(arriving(1000.15), 1000.15)
    assert broken(fake) == {"retry_after_ignored"}


@pytest.mark.parametrize("end", ["delete", "rotate"])
def test_a_webhook_that_was_refused_for_good_is_left_alone(
    end: str, clock: Any, fake: FakeDiscord, hook: FakeWebhook
) -> None:
    former = hook.url
    fake.delete_webhook(hook) if end == "delete" else fake.rotate_token(hook)
    fake.handle(FakeRequest.of("POST", f"{former}?wait=true", json_body=QUIET | {"content": "x"}))
    assert broken(fake) == set()
    clock.now_s += 60
    fake.handle(FakeRequest.of("GET", former))
    assert broken(fake) == {"tombstoned"}
    if end == "rotate":
        fake.violations.clear()
        send(fake, hook, QUIET | {"content": "x"})
        assert broken(fake) == set()


def test_a_redirect_is_not_to_be_followed(fake: FakeDiscord, hook: FakeWebhook) -> None:
    fake.faults.add(Fault(ODD_ANSWERS["redirect"]))
    answer = fake.handle(FakeRequest.of("POST", hook.url, json_body=QUIET | {"content": "x"}))
    fake.handle(FakeRequest.of("GET", f"https://discord.com{answer.header('Location')}"))
    assert "redirect_followed" in broken(fake)


def test_one_post_at_a_time(fake: FakeDiscord, hook: FakeWebhook) -> None:
    other = fake.add_webhook()
    request, elsewhere = (FakeRequest.of("POST", each.url, json_body={}) for each in (hook, other))
    with fake.in_flight(request), fake.in_flight(elsewhere), fake.in_flight(FakeRequest.of("GET", hook.url)):
        assert broken(fake) == set()
        with fake.in_flight(request):
            assert broken(fake) == {"concurrent_post"}
    fake.violations.clear()
    with fake.in_flight(request):
        assert broken(fake) == set()


def test_an_edit_with_new_files_must_name_the_old_ones(fake: FakeDiscord, hook: FakeWebhook) -> None:
    send(fake, hook, QUIET | LISTED, parts=(PNG,))
    url = f"{hook.url}/messages/{fake.messages[0].id}"
    fake.handle(FakeRequest.of("PATCH", url, json_body=QUIET, parts=(PNG,)))
    assert "edit_clears_attachments" in broken(fake)


def test_every_strict_rule_is_tried() -> None:
    import pathlib

    here = pathlib.Path(__file__).parent
    tried = "".join(file.read_text() for file in here.glob("test_*.py"))
    assert [name for name, rule in RULES.items() if rule.strict and f'"{name}"' not in tried] == []
