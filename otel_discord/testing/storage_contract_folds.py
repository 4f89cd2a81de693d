"""Part of the storage contract: cards that come to stand for more, and cards that stay as posted."""

import asyncio
from collections.abc import Sequence

from otel_discord.component.storage import (
    Fold,
    Move,
    NewCard,
    NewLetter,
    NewPosted,
    PostedCard,
    PostedMessage,
    Posting,
    QueueLimits,
    Settlement,
    Sizer,
    StoredCard,
    WorkQueue,
)
from otel_discord.testing.expect import still_waits, within
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import PATIENCE_S, StorageContractBase, ids_in, route, run_of

_ELSE = NewCard("ops", 3, b"instead")


class FoldsContract(StorageContractBase):
    """Fold, post, and what becomes of posted cards."""

    async def test_a_waiting_card_counts_for_more(self) -> None:
        """Its payload is another one; its place, its attempts and its doubt stay."""
        async with self.queue() as queue:
            a, b, c = await route(queue, 9, 9, 21)
            await queue.mark_sending([b])
            assert [card.id for card in await queue.head("ops", 5)] == [c, a, b]
            routed = await queue.route_all({}, [Fold(b, b"more", _ELSE), Fold(c, b"", _ELSE)])
            assert (dict(routed.cards), dict(routed.otherwise)) == ({}, {})
            assert await queue.head("ops", 5) == [
                StoredCard(c, "ops", 21, b""),
                StoredCard(a, "ops", 9, b"x"),
                StoredCard(b, "ops", 9, b"more", 1, in_doubt=True),
            ]
            assert await queue.waiting() == {"ops": 3}

    async def test_routing_says_which_cards_it_made(self) -> None:
        """Of each batch in order; a batch that is not there is left out, and cards made instead come last."""
        async with self.queue() as queue:
            one, none, gone, two = [await queue.put(logs_batch()) for _ in range(4)]
            await queue.done(gone)
            new = [NewCard("ops", 9, b"1"), NewCard("b", 9, b"2")]
            routed = await queue.route_all({two: new, none: [], gone: new, one: new[:1]}, [Fold(999, b"", _ELSE)])
            ids = [*routed.cards[two], *routed.cards[one], routed.otherwise[999]]
            assert {batch_id: len(each) for batch_id, each in routed.cards.items()} == {two: 2, none: 0, one: 1}
            assert ids == sorted(set(ids))
            assert await ids_in(queue) == [ids[0], ids[2], ids[3]]
            assert await ids_in(queue, "b") == [ids[1]]
            assert await within(PATIENCE_S, queue.settled(none)) is Settlement.DELIVERED
            assert queue.size == 2

    async def test_a_batch_that_was_folded_whole_frees_its_room_at_once(self) -> None:
        """Nothing is left of it but what the card counts."""
        async with self.queue(QueueLimits(2, Sizer.REQUESTS, 1 << 30)) as queue, asyncio.TaskGroup() as group:
            first, second = await queue.put(logs_batch()), await queue.put(logs_batch())
            (card_id,) = await queue.route((await queue.take()).id, [NewCard("ops", 9, b"1")])
            ending = group.create_task(queue.settled(second))
            await still_waits(ending)
            assert (await queue.take()).id == second
            routed = await queue.route_all({second: []}, [Fold(card_id, b"2", _ELSE)])
            assert list(routed.cards[second]) == []
            assert await within(PATIENCE_S, ending) is Settlement.DELIVERED
            assert queue.size == 1
            await queue.put(logs_batch())
            await queue.settle([card_id], Settlement.DELIVERED)
            assert await within(PATIENCE_S, queue.settled(first)) is Settlement.DELIVERED

    async def test_what_cannot_be_folded_becomes_a_card(self) -> None:
        """Where the card was settled, buried, moved, or unposted meanwhile; the new card takes no room."""
        async with self.queue() as queue:
            a, b, c, d, e = await route(queue, 9, 9, 9, 9, 9)
            await queue.settle([a], Settlement.DELIVERED)
            await queue.bury([NewLetter(b, 1, "ops", "gone", b"letter")])
            await queue.move([Move(c, NewCard("moved", 9, b""))])
            await queue.post(_message("1", d, e))
            await queue.unpost([d])
            folds = [Fold(each, b"", NewCard("again", each, b"%d" % each)) for each in (a, b, c, d, e)]
            routed = await queue.route_all({}, folds)
            assert sorted(routed.otherwise) == [a, b, c, d]
            new = sorted(routed.otherwise.values())
            assert len(set(new)) == 4
            assert min(new) > e
            assert list(routed.otherwise.values()) == new, "in the order of the folds"
            found = {card.id: (card.priority, card.payload) for card in await queue.head("again", 9)}
            assert found == {routed.otherwise[each]: (each, b"%d" % each) for each in (a, b, c, d)}
            await queue.settle([*new, *await ids_in(queue, "moved")], Settlement.DELIVERED)
            assert (queue.size, dict(await queue.waiting())) == (0, {})
            assert await _payloads(queue) == {e: b""}

    async def test_of_several_folds_of_a_card_the_last_counts(self) -> None:
        """Each payload is the whole card, and so is what is made instead."""
        async with self.queue() as queue:
            (a,) = await route(queue, 9)
            gone = NewCard("again", 9, b"1"), NewCard("again", 9, b"2")
            routed = await queue.route_all({}, [*(Fold(n, b"%d" % n, gone[n % 2]) for n in (a, 998, a)), _fold(a)])
            assert [card.payload for card in await queue.head("ops", 5)] == [b"folded"]
            routed = await queue.route_all({}, [Fold(999, b"", gone[0]), Fold(999, b"", gone[1])])
            assert list(routed.otherwise) == [999]
            assert [card.payload for card in await queue.head("again", 5)][-1] == b"2"

    async def test_a_posted_card_waits_for_nothing(self) -> None:
        """It is delivered: its room is free, its batch has ended, and no lane shows it."""
        async with self.queue(QueueLimits(1, Sizer.REQUESTS, 1 << 30)) as queue, asyncio.TaskGroup() as group:
            batch_id = await queue.put(logs_batch())
            ids = await queue.route((await queue.take()).id, [NewCard("ops", 9, b"1"), NewCard("ops", 21, b"2")])
            ending = group.create_task(queue.settled(batch_id))
            await queue.mark_sending(ids)
            await queue.post(NewPosted("ops", "77", 5, b"note", [Posting(ids[0], 1)]))
            await still_waits(ending)
            assert (await ids_in(queue), await queue.waiting(), queue.size) == ([ids[1]], {"ops": 1}, 1)
            await queue.post(NewPosted("ops", "78", 6, b"", [Posting(999, 1), Posting(ids[1], 2), Posting(ids[0], 3)]))
            assert await within(PATIENCE_S, ending) is Settlement.DELIVERED
            assert (list(await queue.lanes()), dict(await queue.waiting()), queue.size) == ([], {}, 0)
            assert await ids_in(queue) == []
            assert await queue.posted("ops") == [
                PostedMessage("ops", "77", 5, b"note", [PostedCard(ids[0], 9, b"1", 1)]),
                PostedMessage("ops", "78", 6, b"", [PostedCard(ids[1], 21, b"2", 2)]),
            ]
            assert list(await queue.posted("elsewhere")) == []
            await queue.put(logs_batch())

    async def test_a_card_may_count_for_more_than_was_sent(self) -> None:
        """What is posted is what is stored at that moment, whatever the message said."""
        async with self.queue() as queue:
            a, b = await route(queue, 9, 9)
            assert await ids_in(queue) == [a, b]
            await queue.mark_sending([a, b])
            await queue.route_all({}, [Fold(a, b"meanwhile", _ELSE)])
            await queue.post(_message("1", a, b))
            assert await _payloads(queue) == {a: b"meanwhile", b: b"x"}
            await queue.route_all({}, [Fold(b, b"afterwards", _ELSE), Fold(a, b"again", _ELSE)])
            assert await _payloads(queue) == {a: b"again", b: b"afterwards"}
            await queue.mark_shown([Posting(a, 7), Posting(999, 7), Posting(b, 1 << 40)])
            ((message),) = await queue.posted("ops")
            assert message.cards == [PostedCard(a, 9, b"again", 7), PostedCard(b, 9, b"afterwards", 1 << 40)]

    async def test_messages_come_oldest_first_and_keep_the_order_of_their_cards(self) -> None:
        """By time, then by id; of a message that is there already the cards are added behind."""
        async with self.queue() as queue:
            a, b, c, d, e = await route(queue, 9, 21, 9, 9, 9)
            await queue.post(NewPosted("ops", "30", 5, b"third", [Posting(b, 1), Posting(a, 1)]))
            await queue.post(NewPosted("ops", "20", 5, b"second", [Posting(d, 1)]))
            await queue.post(NewPosted("ops", "40", 4, b"first", []))
            await queue.post(NewPosted("else", "20", 1, b"other", []))
            await queue.unpost([b])
            await queue.post(NewPosted("ops", "30", 9, b"", [Posting(e, 1), Posting(c, 1)]))
            found = await queue.posted("ops")
            assert [(each.message_id, each.posted_ns, each.note) for each in found] == [
                ("40", 4, b"first"),
                ("20", 5, b"second"),
                ("30", 5, b"third"),
            ]
            assert [[card.id for card in each.cards] for each in found] == [[], [d], [a, e, c]]
            assert [each.note for each in await queue.posted("else")] == [b"other"]

    async def test_posted_cards_and_messages_are_forgotten(self) -> None:
        """Cards alone, or messages with their cards; others stay."""
        async with self.queue() as queue:
            a, b, c, d = await route(queue, 9, 9, 9, 9)
            await queue.post(_message("1", a, b))
            await queue.post(_message("2", c))
            await queue.post(NewPosted("else", "1", 5, b"", [Posting(d, 1)]))
            await queue.unpost([a, c, 999])
            assert [[card.id for card in each.cards] for each in await queue.posted("ops")] == [[b], []]
            await queue.forget_messages("ops", ["1", "9"])
            assert [each.message_id for each in await queue.posted("ops")] == ["2"]
            assert [[card.id for card in each.cards] for each in await queue.posted("else")] == [[d]]
            await queue.forget_messages("nowhere", ["1"])
            await queue.forget_messages("else", ["1"])
            assert list(await queue.posted("else")) == []
            for nothing in (queue.unpost([]), queue.mark_shown([]), queue.forget_messages("ops", [])):
                await nothing
            assert sorted((await queue.route_all({}, [_fold(each) for each in (a, b, c, d)])).otherwise) == [a, b, c, d]

    async def test_a_posted_card_goes_on_in_a_lane(self) -> None:
        """With waiting ones, in the order of the moves; it takes no room there, and is posted no more."""
        async with self.queue(QueueLimits(9, Sizer.REQUESTS, 1 << 30)) as queue:
            a, b = await route(queue, 9, 9)
            (c,) = await route(queue, 9)
            await queue.post(_message("1", a, b))
            assert queue.size == 1
            moved = await queue.move([Move(each, NewCard("again", 9, b"%d" % each)) for each in (b, 999, c, a, b)])
            assert len(moved) == len(set(moved)) == 3
            assert min(moved) > c
            assert [(card.id, card.payload) for card in await queue.head("again", 9)] == [
                (moved[0], b"%d" % b),
                (moved[1], b"%d" % c),
                (moved[2], b"%d" % a),
            ]
            assert await queue.waiting() == {"again": 3}
            assert [list(each.cards) for each in await queue.posted("ops")] == [[]]
            assert queue.size == 1
            await queue.settle(moved, Settlement.DELIVERED)
            assert queue.size == 0

    async def test_posted_cards_are_no_waiting_ones(self) -> None:
        """Settling, burying and marking leave them alone."""
        async with self.queue() as queue:
            (a,) = await route(queue, 9)
            await queue.post(_message("1", a))
            await queue.settle([a], Settlement.DEAD)
            await queue.bury([NewLetter(a, 1, "ops", "gone", b"letter")])
            await queue.mark_sending([a])
            await queue.mark_unsent([a])
            await queue.post(_message("2", a))
            assert (await queue.letter_totals()).count == 0
            assert [[card.id for card in each.cards] for each in await queue.posted("ops")] == [[a], []]

    async def test_what_is_posted_outlives_a_run(self) -> None:
        """Messages, cards, what is shown of them; and no id comes twice, whatever was forgotten."""
        async with self.place() as reopen:
            async with run_of(reopen) as queue:
                a, b, c = await route(queue, 9, 9, 9)
                assert len(await queue.head("ops", 9)) == 3
                await queue.route_all({}, [Fold(a, b"more", _ELSE)])
                await queue.post(NewPosted("ops", "1", 5, bytes(range(256)), [Posting(c, 2), Posting(b, 3)]))
                await queue.route_all({}, [Fold(b, b"later", _ELSE)])
                await queue.mark_shown([Posting(b, 4)])
            async with run_of(reopen) as queue:
                expected = [PostedCard(c, 9, b"x", 2), PostedCard(b, 9, b"later", 4)]
                assert await queue.posted("ops") == [PostedMessage("ops", "1", 5, bytes(range(256)), expected)]
                assert await queue.head("ops", 9) == [StoredCard(a, "ops", 9, b"more")]
                assert await queue.waiting() == {"ops": 1}
                assert queue.size == 1
                await queue.post(_message("1", a))
                await queue.forget_messages("ops", ["1"])
            async with run_of(reopen) as queue:
                assert (list(await queue.posted("ops")), queue.size) == ([], 0)
                assert min(await route(queue, 9)) > c

    async def test_queues_do_not_mix_what_is_posted(self) -> None:
        """Cards and messages of another owner are unknown."""
        async with self.storage() as storage:
            limits = QueueLimits(9, Sizer.REQUESTS, 1 << 30)
            async with storage.open_queue("discord/logs", limits) as one, storage.open_queue("two", limits) as two:
                a, b = await route(one, 9, 9)
                await one.post(_message("1", a))
                for each in (a, b):
                    assert (each in (await two.route_all({}, [_fold(each)])).otherwise) is True
                await two.settle(await ids_in(two), Settlement.DELIVERED)
                await two.mark_shown([Posting(a, 99)])
                await two.unpost([a])
                await two.forget_messages("ops", ["1"])
                assert list(await two.posted("ops")) == []
                assert await one.posted("ops") == [PostedMessage("ops", "1", 5, b"", [PostedCard(a, 9, b"x", 1)])]
                assert await ids_in(one) == [b]

    async def test_thousands_at_once(self) -> None:
        """A step may carry more than a statement has room for."""
        count = 1203
        async with self.queue() as queue:
            ids = list(await route(queue, *([9] * count)))
            assert len(await queue.head("ops", 9)) == 9
            routed = await queue.route_all({}, [Fold(each, b"%d" % each, _ELSE) for each in (*ids, 10**9)])
            assert len(routed.otherwise) == 1
            assert [card.payload for card in await queue.head("ops", count)] == [b"%d" % each for each in ids]
            reverse = ids[::-1]
            await queue.post(NewPosted("ops", "1", 5, b"", [Posting(each, each) for each in reverse]))
            assert await queue.waiting() == {"ops": 1}
            routed = await queue.route_all({}, [Fold(each, b"p%d" % each, _ELSE) for each in ids])
            assert not routed.otherwise
            await queue.mark_shown([Posting(each, each + 1) for each in ids])
            (message,) = await queue.posted("ops")
            assert message.cards == [PostedCard(each, 9, b"p%d" % each, each + 1) for each in reverse]
            await queue.unpost(ids[: count - 600])
            moved = await queue.move([Move(each, NewCard("again", 9, b"%d" % each)) for each in ids])
            assert [card.payload for card in await queue.head("again", count)] == [b"%d" % each for each in ids[-600:]]
            assert len(moved) == 600
            for number in range(3):
                await queue.post(NewPosted("ops", f"m{number}", 7, b"", []))
            await queue.forget_messages("ops", [f"m{number}" for number in range(count)])
            assert [each.message_id for each in await queue.posted("ops")] == ["1"]


def _fold(card_id: int) -> Fold:
    return Fold(card_id, b"folded", _ELSE)


def _message(message_id: str, *card_ids: int) -> NewPosted:
    return NewPosted("ops", message_id, 5, b"", [Posting(card_id, 1) for card_id in card_ids])


async def _payloads(queue: WorkQueue, lane: str = "ops") -> dict[int, bytes]:
    """Return what is posted of a lane."""
    messages: Sequence[PostedMessage] = await queue.posted(lane)
    return {card.id: card.payload for message in messages for card in message.cards}
