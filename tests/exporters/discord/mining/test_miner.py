"""The miner as the folding sees it: groups that are stable, bounded and deterministic."""

import random
import string
import sys
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.exporters.discord.mining import Match, Miner
from otel_discord.exporters.discord.mining.groups import LONGEST_TEMPLATE_CHARS
from otel_discord.exporters.discord.mining.vocabulary import EXCEPTION_ENDINGS

WORDS = [a + b for a in string.ascii_lowercase for b in ("olar", "umber", "eston")]
HEX = "0123456789abcdef"

numbers = st.integers(-(10**12), 10**12).map(str)
fractions = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: f"{value:.3f}")
hexadecimals = st.text(HEX, min_size=1, max_size=16).map(lambda value: f"0x{value}")
uuids = st.uuids().map(str)
addresses = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.tuples(st.ip_addresses(v=4), st.integers(0, 65535)).map(lambda pair: f"{pair[0]}:{pair[1]}"),
)
paths = st.lists(st.text(string.ascii_letters + "0123456789_-", min_size=1, max_size=9), min_size=1, max_size=6).map(
    lambda parts: "/" + "/".join(parts)
)
quoted = (
    st.text(string.ascii_letters + " 0123456789._-", min_size=1, max_size=20)
    .filter(lambda text: not text.endswith(EXCEPTION_ENDINGS))
    .map(lambda text: f'"{text}"')
)
mails = st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)).map(lambda pair: f"{pair[0]}@{pair[1]}.example.com")
urls = paths.map(lambda path: f"https://shop.example.com{path}?q=1")
values = st.one_of(numbers, fractions, hexadecimals, uuids, addresses, paths, mails, urls)


@given(st.lists(st.sampled_from(WORDS), min_size=2, max_size=6), st.data())
@settings(deadline=None)
def test_any_values_give_the_same_group(words: list[str], data: st.DataObject) -> None:
    def line() -> str:
        return "".join(f"{word} {data.draw(values)} " for word in words) + "over"

    miner = Miner()
    assert miner.match(line()) == miner.match(line())


@given(quoted, quoted)
@settings(deadline=None)
def test_any_quoted_values_give_the_same_group(one: str, other: str) -> None:
    miner = Miner()
    assert miner.match(f"no file {one} in {other}") == miner.match(f"no file {other} in {one}")


@given(values, values)
@settings(deadline=None)
def test_the_template_shows_the_words_and_marks_the_values(one: str, other: str) -> None:
    template = Miner().match(f"cannot  read {one} of\tunit {other}, giving up").template
    assert template == "cannot  read <*> of\tunit <*>, giving up"


@given(st.lists(st.sampled_from(WORDS), min_size=2, max_size=20, unique=True), st.integers(0, 3))
@settings(deadline=None)
def test_different_words_are_different_groups(words: list[str], at: int) -> None:
    miner = Miner()
    frame = ["payment", "service", "refused", "orders"]
    groups = {miner.match(" ".join([*frame[:at], word, *frame[at:]])).group for word in words}
    assert len(groups) == len(words)


def test_the_twenty_first_word_makes_the_position_variable() -> None:
    miner = Miner()
    other = miner.match("process alpha could not start")
    groups = [miner.match(f"service {word} could not start").group for word in WORDS[:20]]
    assert len(set(groups)) == 20
    match = miner.match(f"service {WORDS[20]} could not start")
    assert match == Match(groups[0], "service <*> could not start")
    assert {miner.match(f"service {word} could not start") for word in WORDS} == {match}
    assert miner.match("service numero could not stop").group != match.group
    assert miner.match("process alpha could not start") == other
    assert len(miner) == 3


def test_two_positions_become_variable_one_after_the_other() -> None:
    miner = Miner()
    for town in WORDS[:30]:
        for name in WORDS[:30]:
            miner.match(f"courier {name} left for {town} today")
    match = miner.match("courier maria left for lisbon today")
    assert match.template == "courier <*> left for <*> today"
    assert miner.match(f"courier {WORDS[0]} left for {WORDS[0]} today") == match
    assert len(miner) == 1


def test_numbers_and_words_at_one_position_meet_when_it_is_variable() -> None:
    miner = Miner()
    numbered = miner.match("queue 17 is full now")
    for word in WORDS[:21]:
        last = miner.match(f"queue {word} is full now")
    assert last == numbered == miner.match(f"queue {WORDS[0]} is full now")


def test_a_word_beside_a_number_becomes_variable() -> None:
    miner = Miner()
    for number, word in enumerate(WORDS[:21]):
        last = miner.match(f"lost {word} {number} of  the batch")
    assert last.template == "lost <*> <*> of  the batch"
    assert miner.match("lost nothing 7 of the batch") == last
    again = Miner()
    again.seed(last.template, last.group)
    assert again.match("lost anything 7 of the batch") == last


def test_words_far_to_the_right_stay() -> None:
    miner = Miner()
    long = " ".join(WORDS[:15])
    assert len({miner.match(f"{long} {word}").group for word in WORDS}) == len(WORDS)


def test_a_word_alone_stays() -> None:
    miner = Miner()
    assert len({miner.match(word).group for word in WORDS}) == len(WORDS)


def test_a_generalised_template_goes_on_after_a_restart() -> None:
    before, after = Miner(), Miner()
    for word in WORDS[:21]:
        match = before.match(f"service {word} could not start in 7 s")
    after.seed(match.template, match.group)
    assert after.match("service another could not start in 99 s") == match
    assert after.match("service another could not stop in 99 s").group != match.group
    assert after.match("service another could not start at 99 s").group != match.group


def test_a_template_as_it_was_made_accepts_no_words_after_a_restart() -> None:
    before, after = Miner(), Miner()
    match = before.match("child 7 of slot 9 died")
    after.seed(match.template, match.group)
    assert after.match("child 70 of slot 90 died") == match
    assert after.match("child crashed of slot 90 died").group != match.group


def test_a_seed_under_another_id_wins() -> None:
    miner = Miner()
    found = miner.match("disk 7 is full")
    miner.seed("disk <*> is full", "00112233445566ff")
    assert miner.match("disk 9 is full") == Match("00112233445566ff", "disk <*> is full") != found


def test_a_seed_that_became_one_of_many_keeps_its_white_space_apart() -> None:
    miner = Miner()
    miner.seed("lost <*> <*> of alpha", "00112233445566ff")
    for word in WORDS[:21]:
        last = miner.match(f"lost {word} 7 of alpha")
    assert last.group == "00112233445566ff"


def test_a_seeded_template_with_a_collapsed_row_may_generalise() -> None:
    miner = Miner()
    miner.seed("rows <*> <*> of alpha lost", "00112233445566ff")
    for word in WORDS[:21]:
        last = miner.match(f"rows 1 2 of {word} lost")
    assert last == Match("00112233445566ff", "rows <*> of <*> lost")
    assert miner.match("rows 3 of anything lost") == last


@given(st.lists(st.text(max_size=60), max_size=30))
@settings(deadline=None)
def test_equal_texts_in_equal_order_give_equal_answers(texts: list[str]) -> None:
    one, other = Miner(5), Miner(5)
    assert [one.match(text) for text in texts] == [other.match(text) for text in texts]


@given(st.text(st.characters(exclude_categories=()), max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_text_has_a_group_and_a_template_that_fits(text: str) -> None:
    match = Miner().match(text)
    assert len(match.group) == 16
    assert int(match.group, 16) >= 0
    assert len(match.template) <= LONGEST_TEMPLATE_CHARS
    match.template.encode()


@given(st.text(st.characters(exclude_categories=()), max_size=300), st.text("ab0 '\"=<*>[](),:/.x\n", max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_template_can_be_seeded(one: str, other: str) -> None:
    miner = Miner()
    for text in (one, other):
        miner.seed(text, "0123456789abcdef")
        miner.match(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\n", "\ud800 lone", "\x00\x1b[31mred\x1b[0m", "x" * 5_000_000, "a b " * 1_000_000, "7 " * 1_000_000],
    ids=["empty", "blank", "lines", "surrogate", "controls", "one word", "words", "numbers"],
)
def test_odd_texts(text: str) -> None:
    match = Miner().match(text)
    assert len(match.template) <= LONGEST_TEMPLATE_CHARS
    assert match == Miner().match(text)


def test_the_group_is_the_first_templates_in_any_process() -> None:
    assert Miner().match("disk 7 of node 9 is full") == Match("59dec084cca606d4", "disk <*> of node <*> is full")


def test_white_space_does_not_make_a_difference() -> None:
    miner = Miner()
    assert miner.match("a  b\tc 1") == miner.match(" a b c 2 ") == Match(miner.match("a b c 3").group, "a  b\tc <*>")


def test_a_long_template_keeps_its_beginning_and_its_end() -> None:
    miner = Miner()
    middle = " ".join(["nested"] * 60)
    one = miner.match(f"bean 7 failed {middle} no such table")
    other = miner.match(f"bean 8 failed {middle} access denied")
    assert one.template.startswith("bean <*> failed nested")
    assert one.template.endswith("no such table")
    assert len(one.template) <= LONGEST_TEMPLATE_CHARS
    assert one.group != other.group
    again = Miner()
    again.seed(one.template, one.group)
    assert again.match(f"bean 9 failed {middle} no such table") == one


def test_only_so_many_tokens_count() -> None:
    miner = Miner()
    same = "x " * 100
    assert miner.match(same + "alpha") == miner.match(same + "beta")


@pytest.mark.parametrize("most", [1, 3, 50])
def test_only_so_many_groups_are_remembered(most: int) -> None:
    miner = Miner(most)
    for number in range(most * 4):
        miner.match(" ".join(WORDS[number % 78 :][:3]) + "." * number)
        assert len(miner) <= most


def test_the_longest_unused_group_is_forgotten() -> None:
    miner = Miner(3)
    kept = miner.match("alpha one is often seen")
    miner.seed("beta was seen by <*>", "00112233445566ff")
    miner.match("gamma was seen once")
    assert miner.match("alpha one is often seen") == kept
    miner.match("delta is new")
    assert miner.match("beta was seen by 7").group != "00112233445566ff"


def test_there_must_be_room_for_a_group() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Miner(0)


def test_memory_is_bounded_over_many_different_lines() -> None:
    dice = random.Random(7)
    words = ["".join(dice.choices(string.ascii_lowercase, k=dice.randint(3, 10))) for _ in range(3_000)]
    miner = Miner(500)
    for round_ in range(2):
        if round_:
            tracemalloc.start()
        for _ in range(8_000):
            miner.match(" ".join(dice.choices(words, k=dice.randint(1, 9))) + f" {dice.random()}")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(miner) <= 500
    assert held < 4_000_000


def test_two_hundred_thousand_lines_leave_no_more_than_their_room() -> None:
    dice = random.Random(7)
    miner = Miner(1_000)
    for number in range(200_000):
        miner.match(f"step {number} of {dice.random()} at /srv/{dice.getrandbits(64):x} {WORDS[number % 60]} done")
    assert len(miner) < 70
    assert sys.getsizeof(miner._by_line) < 1_000_000
    assert sys.getsizeof(miner._by_shapes) < 1_000_000
