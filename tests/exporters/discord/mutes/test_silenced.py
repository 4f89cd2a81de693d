"""What a silence has kept back, and the words of its end."""

from otel_discord.exporters.discord.mutes.periods import Period
from otel_discord.exporters.discord.mutes.silence import silence
from otel_discord.exporters.discord.mutes.silenced import Silenced, end


def test_a_record_counts_once_and_once_at_each_destination() -> None:
    counts = Silenced()
    for destination in ("", "ops", "dev", "", "ops"):
        counts.count(destination, 2)
    assert (counts.records, counts.by_destination) == (4, {"ops": 4, "dev": 2})
    assert Silenced.from_json(counts.to_json()) == counts


def test_the_words_of_the_end() -> None:
    told = silence("a", ("*bold*=@everyone",), Period(1, 2), comment="see #12", author="ann")
    (embed,) = end(told, 1_234, "It is late.").embeds
    assert "1,234 events were not shown." in embed.description
    assert embed.description.endswith("Silenced by ann.\nIt is late.")
    assert "*bold*=@everyone" not in embed.description
    (embed,) = end(silence("a", ("a=" + "b" * 900,), Period(1, 2)), 1).embeds
    assert "…: 1 event was not shown." in embed.description
    assert len(embed.description) < 400
