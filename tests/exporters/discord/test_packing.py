"""As many cards as one message holds, in order, without names or addresses twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.bodies import SUPPRESS_EMBEDS
from otel_discord.discord_api.models import Embed, EmbedField, EmbedFooter, FilePart, Message
from otel_discord.discord_api.validation import problems
from otel_discord.exporters.discord.packing import leave_files, pack
from otel_discord.exporters.discord.render import Rendered

MIB = 1024 * 1024


def file(name: str, size_bytes: int = 3) -> FilePart:
    return FilePart(filename=name, open=lambda: b"x" * size_bytes, size_bytes=size_bytes)


def embed(chars: int, **parts: object) -> Rendered:
    files = parts.pop("files", ())
    return Rendered(Embed(description="x" * chars, **parts), "", files)  # type: ignore[arg-type]


@given(st.lists(st.integers(1, 4096), min_size=1, max_size=30))
def test_embeds_are_taken_from_the_front_while_they_fit(sizes: list[int]) -> None:
    packed = pack([embed(size) for size in sizes])
    assert [len(item.description) for item in packed.message.embeds] == sizes[: packed.taken]
    assert problems(packed.message) == []
    if packed.taken < len(sizes):
        assert packed.taken == 10 or sum(sizes[: packed.taken + 1]) > 6000


@pytest.mark.parametrize(
    ("sizes", "taken"), [([600] * 10, 10), ([600] * 9 + [601], 9), ([1] * 11, 10), ([4096, 1904], 2)]
)
def test_edges_of_6000_and_10(sizes: list[int], taken: int) -> None:
    assert pack([embed(size) for size in sizes]).taken == taken


def test_max_embeds_is_obeyed() -> None:
    assert pack([embed(1)] * 10, max_embeds=3).taken == 3
    assert pack([embed(1)] * 10, max_embeds=0).taken == 1


@pytest.mark.parametrize(("size", "looked_at"), [(1, 10), (1000, 7)])
def test_cards_that_will_not_fit_are_not_rendered(size: int, looked_at: int) -> None:
    rendered = iter([embed(size)] * 40)
    pack(rendered)
    assert len(list(rendered)) == 40 - looked_at


def test_nothing_is_not_packed() -> None:
    with pytest.raises(ValueError, match="nothing"):
        pack([])


def test_files_get_names_of_their_own_and_texts_follow() -> None:
    def card() -> Rendered:
        made = Embed(
            description="📎 trace.txt",
            fields=(EmbedField("f", "see 📎 trace.txt"),),
            footer=EmbedFooter("📎 trace.txt"),
            image_url="attachment://plot.png",
        )
        return Rendered(made, "", (file("trace.txt"), file("plot.png")))

    message = pack([card(), card(), card()]).message
    assert [part.filename for part in message.files] == [
        "trace.txt", "plot.png", "trace-2.txt", "plot-2.png", "trace-3.txt", "plot-3.png",
    ]  # fmt: skip
    assert [item.description for item in message.embeds] == ["📎 trace.txt", "📎 trace-2.txt", "📎 trace-3.txt"]
    assert message.embeds[1].fields[0].value == "see 📎 trace-2.txt"
    assert message.embeds[1].footer == EmbedFooter("📎 trace-2.txt")
    assert [item.image_url for item in message.embeds] == [f"attachment://plot{n}.png" for n in ("", "-2", "-3")]
    assert problems(message) == []


def test_file_names_are_made_safe() -> None:
    names = [
        "../../etc/passwd",
        "a b.txt",
        "A_B.TXT",
        "a_b.txt",
        "ü.txt",
        "",
        ".hidden",
        "C:\\x\\y.log",
        "noending",
        "noending",
    ]
    message = pack([embed(1, files=tuple(file(name) for name in names))]).message
    assert [part.filename for part in message.files][:5] == ["passwd", "a_b.txt", "A_B-2.TXT", "a_b-3.txt", "file.txt"]
    assert problems(message) == []


def test_ten_files_in_a_message() -> None:
    cards = [embed(1, files=(file("a.txt"),) * 4) for _ in range(4)]
    packed = pack(cards)
    assert (packed.taken, len(packed.message.files)) == (2, 8)
    assert len(pack([embed(1, files=(file("a.txt"),) * 14)]).message.files) == 10


def test_bytes_of_a_message() -> None:
    cards = [embed(1, files=(file("a.bin", 9 * MIB),)) for _ in range(4)]
    assert pack(cards).taken == 2
    assert pack(cards, max_bytes=9 * MIB).taken == 1


def test_a_file_too_large_is_left_out_and_said_so() -> None:
    card = Rendered(
        Embed(description="📎 big.bin", image_url="attachment://big.bin"),
        "",
        (file("big.bin", 11 * MIB), file("b.txt")),
    )
    message = pack([card]).message
    assert [part.filename for part in message.files] == ["b.txt"]
    assert message.embeds[0].description == "big.bin left out"
    assert message.embeds[0].image_url == ""
    assert pack([card], max_file_bytes=12 * MIB).message.files[0].filename == "big.bin"


def test_no_two_embeds_with_one_address() -> None:
    cards = [
        embed(1, url=url)
        for url in (
            "https://a.example",
            "https://a.example",
            "https://a.example",
            "https://a.example#x",
            "https://a.example#x",
        )
    ]
    message = pack(cards).message
    assert [item.url for item in message.embeds] == [
        "https://a.example", "https://a.example#2", "https://a.example#3", "https://a.example#x", "",
    ]  # fmt: skip
    assert problems(message) == []


@given(st.lists(st.integers(1, 1999), min_size=1, max_size=15))
def test_text_is_joined_while_it_fits(sizes: list[int]) -> None:
    packed = pack([Rendered(None, "x" * size) for size in sizes])
    assert packed.message.content == "\n\n".join("x" * size for size in sizes[: packed.taken])
    assert packed.message.flags == SUPPRESS_EMBEDS
    assert problems(packed.message) == []


def test_text_too_long_for_any_message_is_cut() -> None:
    packed = pack([Rendered(None, "x" * 5000)])
    assert len(packed.message.content) <= 2000
    assert packed.taken == 1


def test_what_stays_behind_is_said_where_it_was_named_and_else_at_the_end() -> None:
    embed = Embed(title="t", description="why\n📎 trace.txt", image_url="attachment://a.png")
    message = Message(embeds=(embed,), files=(file("trace.txt"), file("a.png"), file("dump.bin")))
    left = leave_files(message, (message.files[2],))
    assert [part.filename for part in left.files] == ["dump.bin"]
    assert left.embeds[0].description == "why\ntrace.txt left out\na.png left out"
    assert left.embeds[0].image_url == ""
    assert leave_files(message, message.files) == message


def test_without_room_to_say_so_only_the_pictures_go() -> None:
    embed = Embed(description="x" * 4096, image_url="attachment://a.png")
    message = Message(embeds=(embed,), files=(file("a.png"),))
    left = leave_files(message, ())
    assert left.embeds == (Embed(description="x" * 4096),)
    assert left.files == ()
    plain = Message(content="📎 trace.txt", files=(file("trace.txt"),))
    assert leave_files(plain, ()).content == "trace.txt left out"
