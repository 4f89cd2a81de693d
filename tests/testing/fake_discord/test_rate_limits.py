"""Order, headers and bodies of 429, scope by scope; profiles."""

from dataclasses import replace
from typing import Any

import pytest

from otel_discord.testing.fake_discord import PROFILES, Buckets, FakeDiscord, FakeRequest, FakeResponse, FakeWebhook
from otel_discord.testing.fake_discord.profiles import Shift

RATE = ("Limit", "Remaining", "Reset", "Reset-After", "Bucket")


def post(fake: FakeDiscord, hook: FakeWebhook, **body: Any) -> FakeResponse:
    whole = {"content": "x", "allowed_mentions": {"parse": []}} | body
    return fake.handle(FakeRequest.of("POST", f"{hook.url}?wait=true", json_body=whole))


def rate(answer: FakeResponse) -> list[str | None]:
    return [answer.header(f"X-RateLimit-{name}") for name in RATE]


def test_headers_of_an_answer_within_the_limit(clock: Any) -> None:
    fake = FakeDiscord(now=clock)
    answer = post(fake, fake.add_webhook())
    limit, remaining, reset, reset_after, bucket = rate(answer)
    assert (limit, remaining, reset, reset_after) == ("5", "4", "1767225600.400", "0.400")
    assert len(bucket or "") == 32
    assert answer.header("Via") == "1.1 google"
    assert answer.header("Date") == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert answer.header("X-RateLimit-Scope") is None
    assert answer.header("Retry-After") is None


def test_a_users_429(clock: Any) -> None:
    fake = FakeDiscord(now=clock)
    hook = fake.add_webhook()
    answers = [post(fake, hook) for _ in range(6)]
    limited = answers[-1]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert rate(limited)[:2] == ["5", "0"]
    assert (limited.header("X-RateLimit-Scope"), limited.header("Retry-After")) == ("user", "1")
    assert limited.json == {"message": "You are being rate limited.", "retry_after": 0.4, "global": False}
    clock.now_s += 0.4
    assert post(fake, hook).status == 200
    assert fake.count(429, "user") == 1


def test_the_bucket_is_the_same_for_all_webhooks_and_counts_are_not(clock: Any) -> None:
    fake = FakeDiscord(now=clock)
    first, second = fake.add_webhook(), fake.add_webhook()
    made = [post(fake, first) for _ in range(3)][-1]
    other = post(fake, second)
    edit = fake.handle(FakeRequest.of("PATCH", f"{first.url}/messages/{made.json['id']}", json_body={"content": "y"}))
    look = fake.handle(FakeRequest.of("GET", first.url))
    assert rate(made)[4] == rate(other)[4] == rate(edit)[4] != rate(look)[4]
    assert [rate(answer)[1] for answer in (made, other, edit, look)] == ["2", "4", "4", "4"]


def test_a_refused_form_costs_a_slot_and_an_unknown_webhook_does_not(clock: Any) -> None:
    fake = FakeDiscord(now=clock)
    hook = fake.add_webhook()
    refused = post(fake, hook, content="x" * 2001)
    assert (refused.status, rate(refused)[1]) == (400, "4")
    fake.delete_webhook(hook)
    assert rate(post(fake, hook)) == [None] * 5


def test_the_channels_hidden_limit_is_shared_by_its_webhooks(clock: Any) -> None:
    fake = FakeDiscord(now=clock, channel_limit=(4, 60.0))
    channel = fake.add_channel()
    hooks = [fake.add_webhook(channel) for _ in range(3)]
    assert [post(fake, hooks[n % 3]).status for n in range(4)] == [200] * 4
    clock.now_s += 18.7
    limited = post(fake, hooks[0])
    assert limited.status == 429
    assert limited.header("X-RateLimit-Scope") == "shared"
    assert limited.header("X-RateLimit-Remaining") == "4"
    assert (limited.header("Retry-After"), limited.json["retry_after"]) == ("42", 41.3)
    assert limited.json["message"] == "The resource is being rate limited."
    assert post(fake, fake.add_webhook()).status == 200
    clock.now_s += 41.3
    assert post(fake, hooks[1]).status == 200


def test_edits_count_to_the_channel_only_where_told(clock: Any) -> None:
    for counts, status in ((False, 200), (True, 429)):
        profile = replace(PROFILES["default"], channel=Buckets(2, 60.0, "log"), edits_count_to_channel=counts)
        fake = FakeDiscord(profile, now=clock)
        hook = fake.add_webhook()
        made = [post(fake, hook) for _ in range(2)][-1]
        edit = FakeRequest.of("PATCH", f"{hook.url}/messages/{made.json['id']}", json_body={"content": "y"})
        assert fake.handle(edit).status == status


def test_the_global_limit_comes_before_everything_and_has_no_bucket(clock: Any) -> None:
    fake = FakeDiscord(now=clock)
    hooks = [fake.add_webhook() for _ in range(51)]
    answers = [post(fake, hook) for hook in hooks]
    assert [answer.status for answer in answers] == [200] * 50 + [429]
    limited = answers[-1]
    assert (limited.header("X-RateLimit-Global"), limited.header("X-RateLimit-Scope")) == ("true", "global")
    assert rate(limited) == [None] * 5
    assert limited.json["global"] is True
    clock.now_s += limited.json["retry_after"]
    assert post(fake, hooks[-1]).status == 200


def test_too_many_invalid_requests_ban_the_address(clock: Any) -> None:
    fake = FakeDiscord("tiny", now=clock)
    hook, other = fake.add_webhook(), fake.add_webhook()
    statuses = []
    for _ in range(20):
        clock.now_s += 0.2
        statuses.append(fake.handle(FakeRequest.of("GET", hook.url + "x")).status)
    assert statuses == [401] * 20
    banned = post(fake, other)
    assert (banned.status, banned.json["code"], banned.header("Retry-After")) == (429, 0, None)
    assert fake.exchanges[-1].scope == "host"
    clock.now_s += 5.0
    assert post(fake, other).status == 200


def test_shared_429_are_no_invalid_requests(clock: Any) -> None:
    fake = FakeDiscord("tiny", now=clock, buckets=Buckets(1000, 1.0))
    hook = fake.add_webhook()
    for _ in range(40):
        clock.now_s += 0.11
        post(fake, hook)
    assert fake.count(429, "shared") > 30
    assert not fake.limits.is_banned(clock.now_s)


@pytest.mark.parametrize("shape", ["gcra", "fixed", "log"])
def test_a_window_shape_can_be_set(shape: Any, clock: Any) -> None:
    fake = FakeDiscord(now=clock, buckets=Buckets(4, 2.0, shape), channel_limit=None)
    hook = fake.add_webhook()
    first_slot = {"gcra": 0.5, "fixed": 2.0, "log": 2.0}[shape]
    assert [post(fake, hook).status for _ in range(5)] == [200] * 4 + [429]
    clock.now_s += first_slot - 0.01
    assert post(fake, hook).status == 429
    clock.now_s += 0.01
    assert [post(fake, hook).status for _ in range(2)] == [200, 429 if shape == "gcra" else 200]


def test_profile_noheaders_tells_nothing_before_a_429(clock: Any) -> None:
    fake = FakeDiscord("noheaders", now=clock)
    hook = fake.add_webhook()
    answers = [post(fake, hook) for _ in range(6)]
    assert all(rate(answer) == [None] * 5 for answer in answers[:5])
    assert answers[5].json["retry_after"] == 0.4


def test_profile_skewed_lies_about_reset_only(clock: Any) -> None:
    fake = FakeDiscord("skewed", now=clock)
    hook = fake.add_webhook()
    resets = [float(rate(post(fake, hook))[2] or 0) - 1767225600 for _ in range(2)]
    assert sorted(round(reset) for reset in resets) == [-120, 121]
    assert rate(post(fake, hook))[3] == "1.200"


def test_profile_shifty_changes_hash_and_limit(clock: Any) -> None:
    fake = FakeDiscord("shifty", now=clock)
    hook = fake.add_webhook()
    seen = []
    for _ in range(17):
        clock.now_s += 2.0
        seen.append((rate(post(fake, hook))[0], rate(post(fake, fake.add_webhook()))[4]))
    assert [limit for limit, _ in seen] == ["5"] * 7 + ["2"] * 8 + ["3"] * 2
    assert PROFILES["shifty"].shifts[0] == Shift(7, Buckets(2, 1.0))


def test_profile_unlimited_never_says_429(fake: FakeDiscord, hook: FakeWebhook) -> None:
    assert {post(fake, hook).status for _ in range(300)} == {200}


def test_all_profiles_answer(clock: Any) -> None:
    for name in PROFILES:
        fake = FakeDiscord(name, now=clock)
        assert post(fake, fake.add_webhook()).status == 200
        fake.assert_clean()


def test_who_obeys_retry_after_to_the_millisecond_is_let_in(clock: Any) -> None:
    fake = FakeDiscord(now=clock, buckets=Buckets(3, 1.0), channel_limit=None)
    hook = fake.add_webhook()
    for _ in range(200):
        answer = post(fake, hook)
        if answer.status == 429:
            clock.now_s += answer.json["retry_after"]
            assert post(fake, hook).status == 200
        clock.now_s += 0.0137
    assert [each.rule for each in fake.violations] == []
