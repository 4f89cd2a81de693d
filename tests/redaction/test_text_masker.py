# ruff: noqa: E501 - tables of texts as they come
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.config import Secret
from otel_discord.redaction import (
    NOT_EXAMINED,
    PATTERNS,
    Action,
    Finding,
    Masker,
    MaskingPlan,
    Pattern,
    PatternError,
    PlanError,
    UnknownPatternError,
    custom_pattern,
    pseudonym,
    select_patterns,
)
from otel_discord.redaction.finding import Category
from otel_discord.redaction.text_masker import MAX_FINDINGS, MAX_TEXT_CHARS
from tests.redaction.secrets import CLEAN, SECRETS

CREDENTIALS = Masker(MaskingPlan())
EVERYTHING = Masker(MaskingPlan(patterns=select_patterns(["all"])))
KEY = Secret("a key of this test")


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_masked(name: str) -> None:
    text, secret = SECRETS[name]
    assert secret in text
    masked = CREDENTIALS.mask_text(text)
    assert secret not in masked
    assert CREDENTIALS.mask_text(masked) == masked
    assert secret not in EVERYTHING.mask_text(f"first line\n{text}\nlast line")


@pytest.mark.parametrize("text", CLEAN)
def test_what_is_no_secret_stays(text: str) -> None:
    assert CREDENTIALS.mask_text(text) is text


@pytest.mark.parametrize("name", SECRETS)
def test_what_stands_around_stays(name: str) -> None:
    masked = CREDENTIALS.mask_text(f"first line\n{SECRETS[name][0]}\nlast line!")
    assert masked.startswith("first line\n")
    assert masked.endswith("\nlast line!")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=hunter-22 for bob", "password=[password] for bob"),
        ('{"password":"x-1","user":"bob"}', '{"password":"[password]","user":"bob"}'),
        ("GET /a?token=abcdef&x=1", "GET /a?token=[token]&x=1"),
        ("postgres://app:s3cret@db/x", "postgres://app:[password]@db/x"),
        (
            f"https://discord.com/api/webhooks/{'1' * 18}/{'a' * 68}",
            f"https://discord.com/api/webhooks/{'1' * 18}/[discord-webhook]",
        ),
        ("Cookie: a=b; c=d\nnext", "Cookie: [cookie]\nnext"),
        ('-H "Cookie: a=b; c=d" https://x', '-H "Cookie: [cookie]" https://x'),
        ('{"cookie":"a=b","x":1}', '{"cookie":"[cookie]","x":1}'),
        ("secret%22%3A%22abc%22%2C%22x", "secret%22%3A%22[secret]%22%2C%22x"),
        ("&quot;password&quot;:&quot;abc&quot;,", "&quot;password&quot;:&quot;[password]&quot;,"),
        ("&quot;password&quot;:&quot;abc", "&quot;password&quot;:&quot;[password]"),
        ('{"Authorization":["abcdefgh12"],"x":1}', '{"Authorization":[[authorization]],"x":1}'),
        (
            '{"secrets":["a1b2", "c3"]} secrets: [] secret=[secret]',
            '{"secrets":[[secret]]} secrets: [] secret=[secret]',
        ),
        ('{"secrets":["a1b2", "c3', '{"secrets":[secret]'),
        ("postgresql://user:pass/word@h/db", "postgresql://user:[password]@h/db"),
        ("https://git-token-0123456789@host/x", "https://[token]@host/x"),
        ("secret: " + "x" * 200 + " y", "secret: [secret] y"),
        ("password='cut of", "password='[password]"),
        ("Basic abc= Basic dXNlcg== Basic ab/d", "Basic abc= Basic dXNlcg== Basic ab/d"),
        ("token:  ", "token:  "),
        (
            "--token-count 5 <primary_key>5</primary_key> <password>cut",
            "--token-count 5 <primary_key>5</primary_key> <password>[password]",
        ),
        (
            'name="password" value="" name="password" value="null"',
            'name="password" value="" name="password" value="null"',
        ),
    ],
)
def test_the_reader_sees_what_it_was(text: str, shown: str) -> None:
    assert CREDENTIALS.mask_text(text) == shown


PERSONAL = [
    ("mail to ann.o'neil+x@example.co.uk.", "mail to [email]."),
    ("q=ann%40example.com&x", "q=[email]&x"),
    ("git@github.com:org/repo and icon@2x.png", None),
    ("from 203.0.113.7, 10.0.0.1:8080 and 192.168.1.20.", "from [ip], [ip]:8080 and [ip]."),
    ("127.0.0.1 0.0.0.0 v1.2.3.4 version 1.2.3.4 Chrome/120.0.0.1 1.2.3.4.5 999.1.1.1", None),
    ("peer [2001:db8::8a2e:370:7334]:443", "peer [[ip]]:443"),
    ("fe80::1%eth0 seen", "[ip] seen"),
    ("12:34:56 00:1a:2b:3c:4d:5e std::vector ::1 dead::beef", None),
    ("call +49 30 1234567 or +1 (555) 123-4567", "call [phone] or [phone]"),
    ("call 555-123-4567, (555) 123-4567 or 030 1234567", "call [phone], [phone] or [phone]"),
    ("2026-01-02 order 1234567 took 00-12", None),
    ("card 4111 1111 1111 1111 12/29", "card [card] 12/29"),
    ("card 5500-0000-0000-0004.", "card [card]."),
    ("card 378282246310005 4111111111111111 4012 8888 8888 1881", "card [card] [card] [card]"),
    ("4111 1111 1111 1112 1767225600000000000 0.4111111111111111 4111111111111111abc", None),
    ("iban DE89 3704 0044 0532 0130 00 and GB82WEST12345698765432", "iban [iban] and [iban]"),
    ("DE88370400440532013000 ZZ12345678901234567", None),
    ("550e8400-e29b-41d4-a716-446655440000 4bf92f3577b34da6a3ce929d0e0e4736", None),
]


@pytest.mark.parametrize(("text", "shown"), PERSONAL, ids=lambda each: str(each)[:30])
def test_personal_data(text: str, shown: str | None) -> None:
    masker = Masker(MaskingPlan(patterns=select_patterns(["personal"])))
    assert masker.mask_text(text) == (text if shown is None else shown)
    assert CREDENTIALS.mask_text(text) is text


def test_a_pseudonym_is_the_same_for_the_same_value_and_key() -> None:
    plan = MaskingPlan(patterns=select_patterns(["email"]), action=Action.HASH, hash_key=KEY)
    first, second = Masker(plan).mask_text("Ann@example.com"), Masker(plan).mask_text("to ann@example.com")
    assert second == f"to {first}"
    assert first.startswith("email-")
    other = MaskingPlan(patterns=plan.patterns, action=Action.HASH, hash_key=Secret("another key of it"))
    assert Masker(other).mask_text("Ann@example.com") != first
    assert pseudonym("user", "ann@example.com", KEY).removeprefix("user-") == first.removeprefix("email-")


def test_a_finding_can_be_cut_out() -> None:
    plan = MaskingPlan(actions={"email": Action.DROP}, patterns=select_patterns(["email", "ipv4"]))
    assert Masker(plan).mask_text("a@example.com at 10.1.2.3") == " at [ip]"


@pytest.mark.parametrize(
    "plan", [{"action": Action.HASH}, {"hash_user_ids": True}, {"actions": {"email": Action.HASH}}]
)
def test_a_hash_needs_a_key(plan: dict[str, object]) -> None:
    with pytest.raises(PlanError, match="needs hash_key"):
        MaskingPlan(**plan)  # type: ignore[arg-type]
    with pytest.raises(PlanError, match="shorter than 16"):
        MaskingPlan(hash_key=Secret("short"), **plan)  # type: ignore[arg-type]


def test_patterns_by_name() -> None:
    assert [each.name for each in select_patterns(["jwt", "email"])] == ["jwt", "email"]
    assert select_patterns(["all"]) == PATTERNS
    assert len({each.name for each in PATTERNS}) == len(PATTERNS)
    with pytest.raises(UnknownPatternError, match='did you mean "email"'):
        select_patterns(["e-mail"])
    with pytest.raises(UnknownPatternError, match="known are all, credentials"):
        select_patterns(["zzzzz"])


def test_own_patterns() -> None:
    masker = Masker(MaskingPlan(patterns=(custom_pattern("badge", r"badge (?P<s>\d+)"),)))
    assert masker.mask_text("badge 42, bag 42") == "badge [badge], bag 42"
    assert masker.mask_text("nothing") == "nothing"
    with pytest.raises(PatternError, match=r"'\(' is not a regular expression of RE2: missing \)"):
        custom_pattern("badge", "(")


def test_what_cannot_be_examined_is_not_sent() -> None:
    def fail(_: str) -> list[Finding]:
        raise RuntimeError

    broken = Pattern("broken", Category.CREDENTIALS, "", fail, ("x",), ())
    masker = Masker(MaskingPlan(patterns=(broken,)))
    assert masker.mask_text("x") == NOT_EXAMINED
    assert masker.mask_text("y") == "y"
    assert CREDENTIALS.mask_text("\ud800 password=1234") == NOT_EXAMINED
    assert CREDENTIALS.texts.masked("\ud800").text == NOT_EXAMINED
    assert CREDENTIALS.mask_text("password=hunter-22 " * (MAX_FINDINGS + 1)) == NOT_EXAMINED
    assert CREDENTIALS.mask_text("password=hunter-22" + " " * MAX_TEXT_CHARS) == NOT_EXAMINED


PIECES = [
    "token=", "token=a ", "token=token(", 'password="', "password='", "-----BEGIN PRIVATE " + "KEY-----", "eyJhbGciOi",
    "://a:b", "://a:b@", "a@", "1.2.3.4 ", "4111 1111 1111 1111 ", "x.y@", "+1234567", "aB1/", "mysql ", "curl -u a:b ",
    '\\"password\\":\\"x', "cookie: ", "authorization: bearer x", "authorization: digest ", "DE89370400440532013000", ":1:",
    "\\", "password=\\", "name: password value: ", "<password>", "--password x", "Private-Lines: 1\n", "a.abcdef.", "password=(",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_work_is_linear(piece: str) -> None:
    def took_s(chars: int) -> float:
        text = piece * (chars // len(piece))
        started_s = time.process_time()
        EVERYTHING.mask_text(text)
        return time.process_time() - started_s

    assert took_s(40_000) < 0.5 + 20 * took_s(10_000)


@given(st.text())
def test_whatever_comes_a_text_goes_on(text: str) -> None:
    assert isinstance(EVERYTHING.mask_text(text), str)


@given(st.lists(st.sampled_from([*(text for text, _ in SECRETS.values()), *CLEAN, " ", "\n", '"', ","]), max_size=6))
def test_secrets_among_other_texts_are_masked(parts: list[str]) -> None:
    masked = CREDENTIALS.mask_text("\n".join(parts))
    for text, secret in SECRETS.values():
        if text in parts and len(secret) > 20:
            assert secret not in masked
