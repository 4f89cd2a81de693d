"""The first message says what a run is and how it fares, within every limit, and nothing in it is live."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.component.destination_source import RunCard, Tally
from otel_discord.extensions.run_channels.header import card_of, render_card, state_word
from otel_discord.extensions.run_channels.runs import Placement, Run, RunKey, State

BEGIN_S = 1_795_000_000
RUN = Run(
    run_id="7f3kq2abcdefghij", key=RunKey(guild_id="1", task_id="build_42", attempt=1, short_id="ab12"),
    state=State.RUNNING, placement=Placement.CHANNEL, created_ms=BEGIN_S * 1000, retention_hours=24,
    title="Nightly *build*", metadata={"commit": "3f2e91c", "empty": ""}, channel_name="run-build-42-1-ab12",
)  # fmt: skip
ENDED = replace(RUN, state=State.FINISHING, outcome="success", finalized_ms=(BEGIN_S + 192) * 1000)


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        ("success", "succeeded"), (" OK ", "succeeded"), ("Passed", "succeeded"), ("failure", "failed"),
        ("error", "failed"), ("cancelled", "cancelled"), ("canceled", "cancelled"), ("ABORTED", "cancelled"),
        ("", "finished"), ("stopped early", "finished"),
    ],
)  # fmt: skip
def test_words_for_outcomes(outcome: str, word: str) -> None:
    assert state_word(outcome) == word


def test_a_running_run() -> None:
    card = card_of(replace(RUN, tally=Tally(records=4120, errors=3, warnings=1, steps=12, last_step="train")),
                   is_deleted_then=True)  # fmt: skip
    assert (card.state, card.name, card.ended_unix_s) == ("running", "Nightly *build*", None)
    message = render_card(card)
    assert message["allowed_mentions"] == {"parse": []}
    (embed,) = message["embeds"]
    assert embed["title"] == "⏳ Nightly \\*build\\*"
    assert embed["description"].splitlines() == [
        f"running · started <t:{BEGIN_S}:R>",
        "step 12: train · 3 errors · 1 warning · 4,120 records",
        f"deleted <t:{BEGIN_S + 86400}:R>",
    ]
    assert [(field["name"], field["value"]) for field in embed["fields"]] == [
        ("task", "build_42"), ("attempt", "1"), ("id", "ab12"), ("commit", "3f2e91c"),
    ]  # fmt: skip
    assert all(field["inline"] for field in embed["fields"])
    assert embed["footer"] == {"text": "run 7f3kq2abcdefghij"}


@pytest.mark.parametrize(
    ("run", "first_line"),
    [
        (ENDED, f"**succeeded** after 3 m 12 s · <t:{BEGIN_S + 192}:R>"),
        (replace(ENDED, outcome="error"), f"**failed** after 3 m 12 s · <t:{BEGIN_S + 192}:R>"),
        (replace(ENDED, outcome="out of *memory*"),
         f"**finished** (out of \\*memory\\*) after 3 m 12 s · <t:{BEGIN_S + 192}:R>"),
        (replace(RUN, state=State.ARCHIVED), f"**expired** after 1 d · <t:{BEGIN_S + 86400}:R>"),
        (replace(RUN, state=State.ARCHIVED, retention_hours=0), f"**expired** · started <t:{BEGIN_S}:R>"),
    ],
)  # fmt: skip
def test_how_it_ended(run: Run, first_line: str) -> None:
    embed = render_card(card_of(run, is_deleted_then=True))["embeds"][0]
    assert embed["description"].splitlines()[0] == first_line


def test_what_becomes_of_it() -> None:
    def last_line(run: Run, *, is_deleted_then: bool) -> str:
        description: str = render_card(card_of(run, is_deleted_then=is_deleted_then))["embeds"][0]["description"]
        return description.splitlines()[-1]

    assert last_line(ENDED, is_deleted_then=False) == f"kept; retention ends <t:{BEGIN_S + 86400}:R>"
    assert last_line(replace(RUN, retention_hours=0), is_deleted_then=True) == "deleted when it ends"


def test_without_a_title_it_has_the_channels_name() -> None:
    assert card_of(replace(RUN, title=""), is_deleted_then=True).name == "run-build-42-1-ab12"
    assert card_of(replace(RUN, title="", channel_name=""), is_deleted_then=True).name == "build_42"


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://ci.example/jobs/42?a=b#c", True),
        ("http://10.0.0.1:8080/", True),
        ("javascript:alert(1)", False),
        ("https://a.example/) [x](https://b.example", False),
        ("https://a.example/<@1>", False),
    ],
)
def test_an_address_leads_to_the_run_itself(url: str, *, is_link: bool) -> None:
    embed = render_card(card_of(replace(RUN, metadata={"url": url}), is_deleted_then=True))["embeds"][0]
    assert (embed["description"].splitlines()[-1] == f"[open]({url})") is is_link
    assert ("url" in [field["name"] for field in embed["fields"]]) is not is_link


def test_nothing_in_it_is_live() -> None:
    hostile = "@everyone <@1> [x](https://a.example) `code`\n# big"
    card = replace(
        card_of(replace(RUN, title=hostile, outcome=hostile, metadata={hostile: hostile}), is_deleted_then=True),
        tally=Tally(last_step=hostile, last_error=hostile),
    )
    shown = str(render_card(card))
    for live in ("@everyone", "<@1", "](https", "\n# big"):
        assert live not in shown


names = st.text(min_size=1, max_size=64) | st.sampled_from(("*" * 64, "@everyone" * 7))
texts = st.text(max_size=600) | st.sampled_from(
    ("*" * 512, "@everyone " * 50, "`" * 512, "<@1>" * 128, "\\" * 512, "é\u0301" * 300)
)


@given(
    texts, st.sampled_from(("running", "failed", "finished", "expired", "of a later release")), texts,
    st.none() | st.floats(0, 2e9), st.floats(0, 2e9),
    st.dictionaries(names, texts, max_size=30),
    st.builds(Tally, records=st.integers(0, 10**12), steps=st.integers(0, 10**9), last_step=texts, last_error=texts),
)  # fmt: skip
def test_every_limit_is_kept(
    name: str, state: str, outcome: str, ended: float | None, expires: float, parameters: dict[str, str], tally: Tally
) -> None:
    card = RunCard(
        run_id="7f3kq2abcdefghij", name=name, state=state, outcome=outcome, started_unix_s=1e9, ended_unix_s=ended,
        expires_unix_s=expires, parameters=parameters, tally=tally,
    )  # fmt: skip
    (embed,) = render_card(card)["embeds"]
    assert 1 <= len(embed["title"]) <= 256
    assert 1 <= len(embed["description"]) <= 4096
    fields = embed.get("fields", [])
    assert len(fields) <= 25
    for field in fields:
        assert 1 <= len(field["name"].strip()) <= 256
        assert 1 <= len(field["value"].strip()) <= 1024
    said = [embed["title"], embed["description"], embed["footer"]["text"]]
    said += [text for field in fields for text in (field["name"], field["value"])]
    assert sum(map(len, said)) <= 6000
    "".join(said).encode()
