"""Part of the storage contract: how cards end as dead letters, and how letters come back."""

import asyncio

from otel_discord.component.storage import (
    LetterFilter,
    LetterTotals,
    NewCard,
    NewLetter,
    QueueLimits,
    Revival,
    Settlement,
    Sizer,
    StoredLetter,
    WorkQueue,
)
from otel_discord.testing.expect import within
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import PATIENCE_S, StorageContractBase, ids_in, route, run_of


class LettersContract(StorageContractBase):
    """Bury, list, revive, purge. What keeps no letters only ends the cards."""

    async def test_burying_ends_cards(self) -> None:
        """As DEAD, with the room of their batch; ids that are unknown or named twice are ignored."""
        async with self.queue(QueueLimits(1, Sizer.REQUESTS, 1 << 30)) as queue, asyncio.TaskGroup() as group:
            batch_id = await queue.put(logs_batch())
            one, two = await queue.route(batch_id, [NewCard("ops", 9, b"1"), NewCard("ops", 9, b"2")])
            ending = group.create_task(queue.settled(batch_id))
            await queue.bury([_letter(one), _letter(999_999), _letter(one, reason="again")])
            assert await ids_in(queue) == [two]
            assert queue.size == 1
            await queue.settle([two], Settlement.DELIVERED)
            assert await within(PATIENCE_S, ending) is Settlement.DEAD
            assert queue.size == 0
            await queue.bury([])
            expected = ["refused"] if queue.keeps_letters else []
            assert [letter.reason for letter in await queue.letters()] == expected

    async def test_letters_are_kept_as_they_were_written(self) -> None:
        """In the order of burial, whatever their times are."""
        async with self.queue() as queue:
            ids = await route(queue, 9, 9)
            news = [NewLetter(ids[1], 7, "ops", "gone", b"\0late"), NewLetter(ids[0], 3, "böse", "", b"early" * 2000)]
            await queue.bury(news)
            found = await queue.letters()
            if not queue.keeps_letters:
                assert list(found) == []
                return
            assert found[0].id < found[1].id
            assert found == [
                StoredLetter(found[0].id, 7, "ops", "gone", b"\0late"),
                StoredLetter(found[1].id, 3, "böse", "", b"early" * 2000),
            ]
            assert await queue.letter_totals() == LetterTotals(2, 5 + 10_000)

    async def test_letters_are_chosen(self) -> None:
        """By time, destination, reason and id, all at once; by portions, oldest first."""
        async with self.queue() as queue:
            if not queue.keeps_letters:
                assert await queue.letter_totals() == LetterTotals()
                return
            ids = await _bury_some(queue)
            for chosen, expected in [
                (LetterFilter(), [0, 1, 2, 3, 4, 5]),
                (LetterFilter(since_ns=2), [2, 3, 4, 5]),
                (LetterFilter(until_ns=2), [0, 1]),
                (LetterFilter(since_ns=1, until_ns=3), [1, 2]),
                (LetterFilter(since_ns=0, until_ns=0), []),
                (LetterFilter(destinations=frozenset({"ops"})), [0, 2, 4]),
                (LetterFilter(destinations=frozenset({"ops", "errors"}), reasons=frozenset({"gone"})), [3, 4, 5]),
                (LetterFilter(reasons=frozenset({"never"})), []),
                (LetterFilter(ids=frozenset({ids[5], ids[1], 999_999})), [1, 5]),
                (LetterFilter(ids=frozenset({ids[1], ids[4]}), reasons=frozenset({"gone"})), [4]),
            ]:
                found = [letter.id for letter in await queue.letters(chosen)]
                assert found == [ids[number] for number in expected], chosen
                assert await queue.letter_totals(chosen) == LetterTotals(len(expected), len(expected)), chosen
            by_ids = LetterFilter(ids=frozenset(ids))
            for chosen in (LetterFilter(), by_ids):
                assert [letter.id for letter in await queue.letters(chosen, limit=2)] == ids[:2]
                assert [letter.id for letter in await queue.letters(chosen, after_id=ids[1], limit=3)] == ids[2:5]
                assert list(await queue.letters(chosen, after_id=ids[5])) == []
                assert list(await queue.letters(chosen, limit=0)) == []

    async def test_letters_are_chosen_by_more_ids_than_a_statement_takes(self) -> None:
        """The portions follow one another without a gap."""
        async with self.queue() as queue:
            if queue.keeps_letters:
                cards = await queue.adopt([NewCard("ops", 9, b"")] * 1100)
                await queue.bury([_letter(card_id) for card_id in cards])
                ids = [letter.id for letter in await queue.letters(limit=2000)]
                chosen = LetterFilter(ids=frozenset(ids))
                assert [letter.id for letter in await queue.letters(chosen, limit=700)] == ids[:700]
                assert (await queue.letter_totals(chosen)).count == 1100
                assert await queue.purge(ids) == 1100

    async def test_a_letter_is_revived_once(self) -> None:
        """It is a card again that takes no room; what is unknown or revived already is left out."""
        async with self.queue(QueueLimits(1, Sizer.REQUESTS, 1 << 30)) as queue:
            if not queue.keeps_letters:
                assert list(await queue.revive([Revival(1, NewCard("ops", 9, b""))])) == []
                return
            ids = await _bury_some(queue)
            revivals = [Revival(letter_id, NewCard("ops", 9, b"%d" % letter_id)) for letter_id in (ids[3], 99, ids[0])]
            cards = await queue.revive([*revivals, revivals[0]])
            assert [card.payload for card in await queue.head("ops", 9)] == [b"%d" % ids[3], b"%d" % ids[0]]
            assert [card.id for card in await queue.head("ops", 9)] == list(cards)
            assert queue.size == 0
            assert list(await queue.revive(revivals)) == []
            assert [letter.id for letter in await queue.letters()] == [ids[1], ids[2], ids[4], ids[5]]
            await queue.bury([_letter(cards[0])])
            assert [letter.id for letter in await queue.letters()][-1] > ids[5]

    async def test_purged_letters_are_gone(self) -> None:
        """The answer is how many there were."""
        async with self.queue() as queue:
            if not queue.keeps_letters:
                assert await queue.purge([1]) == 0
                return
            ids = await _bury_some(queue)
            assert await queue.purge([ids[0], ids[0], ids[4], 999_999]) == 2
            assert await queue.purge([ids[0]]) == 0
            assert [letter.id for letter in await queue.letters()] == [ids[1], ids[2], ids[3], ids[5]]
            assert await queue.purge([]) == 0

    async def test_letters_outlive_a_run(self) -> None:
        """And no id of theirs is used again."""
        async with self.place() as reopen:
            async with run_of(reopen) as queue:
                if not queue.keeps_letters:
                    return
                ids = await _bury_some(queue)
                await queue.purge(ids[-1:])
            async with run_of(reopen) as queue:
                assert [letter.id for letter in await queue.letters()] == ids[:-1]
                (card,) = await queue.revive([Revival(ids[0], NewCard("ops", 9, b""))])
                await queue.bury([_letter(card)])
                assert (await queue.letters())[-1].id > ids[-1]


def _letter(card_id: int, *, time_ns: int = 0, destination: str = "ops", reason: str = "refused") -> NewLetter:
    return NewLetter(card_id, time_ns, destination, reason, b"x")


async def _bury_some(queue: WorkQueue) -> list[int]:
    """Bury six: at times 0 to 5, for `ops` and `errors` in turn, three of them refused and three gone."""
    cards = await route(queue, *[9] * 6)
    await queue.bury(
        [
            _letter(
                card_id,
                time_ns=number,
                destination="errors" if number % 2 else "ops",
                reason="refused" if number < 3 else "gone",
            )
            for number, card_id in enumerate(cards)
        ]
    )
    return [letter.id for letter in await queue.letters()]
