"""Text from telemetry: nothing live, nothing hidden, nothing lost."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from otel_discord.templating.text import (
    ZERO_WIDTH_SPACE,
    Markdown,
    _escape,
    break_fences,
    break_mentions,
    code_block,
    escape_markdown,
    inline_code,
    neutralise,
)

MARKS = "\\*_~|`<>@#/:[]()!-+1. \nabtid&"
nasty = st.text(st.sampled_from(MARKS) | st.characters(), max_size=80)


def shown(markdown: str) -> str:
    """Return what Discord shows of escaped text: `\\` before punctuation is not shown, nor are zero-width spaces."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", markdown).replace(ZERO_WIDTH_SPACE, "")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain words, 3.5 and a-b", "plain words, 3.5 and a-b"),
        ("snake_case stays", "snake_case stays"),
        ("__init__", "\\_\\_init\\_\\_"),
        ("_lead and trail_", "\\_lead and trail\\_"),
        ("**bold** *it*", "\\*\\*bold\\*\\* \\*it\\*"),
        ("~/home ~~gone~~", "~/home \\~\\~gone\\~\\~"),
        ("a|b ||spoiler||", "a|b \\|\\|spoiler\\|\\|"),
        ("`code`", "\\`code\\`"),
        ("C:\\Users\\x", "C:\\Users\\x"),
        ("C:\\*", "C:\\\\\\*"),
        ("ends with \\", "ends with \\\\"),
        ("[click](https://evil.example)", "[click]\\(https\\://evil.example)"),
        ("[tag] (note)", "[tag] (note)"),
        ("# not a heading", "\\# not a heading"),
        ("### nor this", "\\### nor this"),
        ("#4711", "#4711"),
        ("> quote", "\\> quote"),
        (">>> quote", "\\>>> quote"),
        ("a > b", "a > b"),
        ("- item\n+ item\n  - inner", "\\- item\n\\+ item\n  \\- inner"),
        ("-# small", "\\-# small"),
        ("-1 is a number", "-1 is a number"),
        ("1. first\n12. last", "1\\. first\n12\\. last"),
        ("1.5 is a number", "1.5 is a number"),
        ("see https://a.example/b_c?x=_y_", "see https\\://a.example/b_c?x=\\_y\\_"),
        ("<HTTP://a.example> postgres://db", "<HTTP\\://a.example> postgres://db"),
        ("discord://x steam://run", "discord\\://x steam\\://run"),
        ("<mailto:a@b.example> <a@b.example> <+49>", "<\u200bmailto:a@b.example> <\u200ba@b.example> <\u200b+49>"),
        ("ends @", "ends @\u200b"),
        ("ends <", "ends <\u200b"),
        ("ends ~", "ends \\~"),
        ("\u00a0# a\u3000heading", "\u00a0\\# a\u3000heading"),
        ("#", "\\#"),
        ("a__b__c", "a\\_\\_b\\_\\_c"),
        ("@everyone", "@\u200beveryone"),
        ("@Here", "@\u200bHere"),
        ("a@here.example", "a@\u200bhere.example"),
        ("<@1> <@!1> <@&1> <#1>", "<\u200b@1> <\u200b@!1> <\u200b@&1> <\u200b#1>"),
        ("</run:1> <t:1:R> <:e:1> <a:e:1> <id:guide>",
         "<\u200b/run:1> <\u200bt:1:R> <\u200b:e:1> <\u200ba:e:1> <\u200bid:guide>"),
        ("a<b and <html>", "a<b and <html>"),
    ],
)  # fmt: skip
def test_escape_markdown(text: str, escaped: str) -> None:
    assert escape_markdown(text) == escaped


@given(nasty)
def test_escaped_text_shows_the_same_characters(text: str) -> None:
    text = text.replace(ZERO_WIDTH_SPACE, "")
    assert shown(escape_markdown(text)) == text


@given(nasty)
def test_escaped_text_has_no_live_syntax(text: str) -> None:
    escaped = escape_markdown(text)
    unescaped = re.sub(r"\\.", "", escaped, flags=re.DOTALL)
    assert not re.search(r"[*`]|~~|\|\||\]\(|https?://", unescaped, re.IGNORECASE)
    assert not re.search(r"@everyone|@here|<[@#/:+]|<a:|<t:|<id:|<mailto:", escaped, re.IGNORECASE)
    assert not re.search(r"(?m)^[^\S\n]*(?:>|[-+]\s|-#|#{1,3}\s|\d+\.\s)", escaped)


@given(nasty | st.text(st.sampled_from("-+>#1. :/ahtps\t"), max_size=12))
@example("- item")
@example(" 12. item")
@example("see https://example.com")
def test_what_is_passed_over_has_nothing_to_escape(text: str) -> None:
    assert escape_markdown(text) == _escape(text)


@given(nasty)
def test_no_underscore_can_open_and_close(text: str) -> None:
    """A bare underscore stands between two letters or digits, where Discord does not take it for emphasis."""
    escaped = re.sub(r"\\.", "\\\\", escape_markdown(text), flags=re.DOTALL)
    assert not re.search(r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])", escaped.replace("\\_", ""))


def test_markdown_is_escaped_once() -> None:
    assert escape_markdown(Markdown("**bold**")) == "**bold**"
    assert escape_markdown(escape_markdown("*a*")) == "\\*a\\*"


@pytest.mark.parametrize(
    ("text", "neutral"),
    [
        ("kept\ttab\nline", "kept\ttab\nline"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("nul\x00 bell\x07 del\x7f c1\x9b", "nul bell del c1"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("evil\u202egnp.exe \u2066x\u2069", "evilgnp.exe x"),
        ("\ud83d\ude00", "😀"),
        ("\ud800x\udc00", "\ufffdx\ufffd"),
        ("z" + "\u0301" * 50, "z" + "\u0301" * 4),
        (
            "👩\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 1\ufe0f\u20e3 שלום e\u0301",
            "👩\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 1\ufe0f\u20e3 שלום e\u0301",
        ),
        ("می\u200cخواهم क\u094d\u200dष", "می\u200cخواهم क\u094d\u200dष"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f3f4\U000e0067\U000e0062\U000e007f"),
        ("hi\U000e0068\U000e0069dden", "hidden"),
        ("pa\u200bss\u00adwo\u200drd\u2060", "password"),
        ("\ufe0fx\ufe0f\ufe0f\ufe0e", "x\ufe0f"),
        ("\u200eabc\u200f\u061c", "abc"),
        ("a\u3164\u2800b", "a b"),
        ("ก" + "\u0e49" * 30, "ก" + "\u0e49" * 4),
        ("z" + "\u0301\u200c\ufe0f" * 20 + "z", "z\u0301\u200c\u0301z"),
        ("one\x0btwo\x0cthree\x85four", "one\ntwo\nthree\nfour"),
        ("\ufeffbom", "bom"),
    ],
)
def test_neutralise(text: str, neutral: str) -> None:
    assert neutralise(text) == neutral


@given(st.text(st.characters(categories=("Cs", "Cc", "Cf", "L", "M", "P", "S", "Z"))))
def test_neutral_text_is_utf8_without_controls(text: str) -> None:
    neutral = neutralise(text)
    neutral.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f]", neutral)
    assert neutralise(neutral) == neutral


@given(st.text(st.sampled_from("`a\n @everyone<1"), max_size=60))
def test_a_code_block_cannot_be_closed_from_inside(text: str) -> None:
    block = code_block(text, "py")
    if block:
        assert block.startswith("```py\n")
        assert block.endswith("\n```")
        assert "```" not in block[6:-4]
    else:
        assert not break_fences(text).strip()


def test_inline_code_is_one_line_without_backticks() -> None:
    assert inline_code("a `b`\n c") == "`a ˋbˋ c`"
    assert inline_code("  ") == ""
    assert inline_code("<@1>") == "`<\u200b@1>`"


def test_mentions_are_broken_without_escaping() -> None:
    assert break_mentions("**a** <@1> @everyone") == "**a** <\u200b@1> @\u200beveryone"


@pytest.mark.parametrize(
    "piece",
    [
        "<@",
        "`",
        "\\",
        "_",
        "[a](",
        "\n- ",
        "\x1b]",
        "1. ",
        "https://a_",
        "\u0301",
        "é\u200d",
        "\ufe0f",
        " ",
        "<a",
        "\U0001f3f4\U000e0067",
        "~|",
        "\ud800",
    ],
)
def test_time_is_linear(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    started = time.process_time()
    escape_markdown(neutralise(text))
    code_block(text)
    assert time.process_time() - started < 2.0
