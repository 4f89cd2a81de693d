"""Power loss at random moments; OTEL_DISCORD_CRASH_IMAGES=5000 tries more of them."""

import os

from tests.crash_images.disk import Style
from tests.crash_images.run import record, table, try_images

IMAGES = int(os.environ.get("OTEL_DISCORD_CRASH_IMAGES", "200"))
SEED = int(os.environ.get("OTEL_DISCORD_CRASH_SEED", "1"))


async def test_nothing_acknowledged_is_lost_or_comes_back_after_a_power_cut(tmp_path):
    (live := tmp_path / "live").mkdir()
    (images := tmp_path / "images").mkdir()
    recording, books = await record(live, SEED, fsync=True, workers=4, rounds=12)
    assert books.answers > 400
    results = await try_images(recording, books, images, images=IMAGES, seed=SEED)
    assert all(each.is_good for each in results.values()), table(results)
    assert sum(each.images for each in results.values()) == IMAGES


async def test_the_harness_finds_what_is_lost_without_fsync(tmp_path):
    (live := tmp_path / "live").mkdir()
    (images := tmp_path / "images").mkdir()
    recording, books = await record(live, SEED, fsync=False, workers=4, rounds=8)
    results = await try_images(recording, books, images, images=40, seed=SEED)
    assert results[Style.KEPT].is_good, "a killed process loses nothing either way"
    assert sum(each.with_losses for each in results.values()) > 3
    assert sum(each.with_returns for each in results.values()) > 3
    assert not any(each.unopened for each in results.values()), table(results)
