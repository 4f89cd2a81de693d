"""When a word becomes variable."""

from otel_discord.exporters.discord.mining.variants import MOST_WORDS, Variants, word_positions


def test_only_words_with_other_words_around_them_may_vary() -> None:
    assert word_positions(["disk", "of", "0", "-", "failed:", "now"]) == [0, 1, 4, 5]
    assert word_positions(["disk", "0", "-"]) == []


def test_counting_and_forgetting() -> None:
    variants = Variants()
    keys = [f"disk {'x' * count} is full" for count in range(1, MOST_WORDS + 2)]
    found = [variants.add(key) for key in keys]
    assert found == [[]] * MOST_WORDS + [[1]]
    for key in keys:
        variants.remove(key)
        variants.compact()
    variants.remove("0 0")
    assert variants._counts == {}
