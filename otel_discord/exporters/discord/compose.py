"""From the cards at the head of a lane to the message that goes out."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from otel_discord.component import StoredCard
from otel_discord.discord_api import limits
from otel_discord.discord_api.models import Embed, FilePart, Message
from otel_discord.exporters.discord.addressing import addressed, call_of, content_room, of_one_post, with_address
from otel_discord.exporters.discord.attachments import file_part
from otel_discord.exporters.discord.cards import AttachmentRef, Card
from otel_discord.exporters.discord.delivery import Repair
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.edited_charts import EditedCharts
from otel_discord.exporters.discord.folding.note import Note
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.lateness import late_mark
from otel_discord.exporters.discord.mentions import NOBODY_CALLED, Call
from otel_discord.exporters.discord.packing import leave_files, pack
from otel_discord.exporters.discord.packing_fit import fit_again, fit_all
from otel_discord.exporters.discord.pictures import Pictures
from otel_discord.exporters.discord.posted_files import with_files_of_edit
from otel_discord.exporters.discord.render import Rendered
from otel_discord.exporters.discord.render_digest import (
    FULL_CARDS,
    FULL_CARDS_IN_TEXT,
    LINES,
    LINES_IN_TEXT,
    Digest,
    choose,
)
from otel_discord.exporters.discord.safe_render import RendersCards
from otel_discord.exporters.discord.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Composed:
    """A message, and the cards that it is made of."""

    message: Message
    stored: tuple[StoredCard, ...]
    cards: tuple[Card, ...]
    note: Note = field(default_factory=Note)
    """What is to be remembered of the message."""
    call: Call = NOBODY_CALLED
    """Whom it pings."""
    post: str = ""
    """The title of the forum post that it belongs to."""

    def in_new_post(self) -> "Composed":
        """Return the message so that it opens a post: the one that it was for is gone."""
        return replace(self, message=replace(self.message, thread_id="", thread_name=self.post))

    @property
    def kept(self) -> int:
        """How many of the cards, from the first, are to be kept as posted: the others of a digest are not edited."""
        return len(self.stored) - self.note.other_problems

    @property
    def records(self) -> int:
        """How many records the message stands for."""
        return sum(card.count for card in self.cards)


@dataclass(frozen=True, slots=True)
class Composer:
    """Renders and packs for one destination."""

    destination: Destination
    renderer: RendersCards
    shelf: Shelf
    max_embeds: int
    max_file_bytes: int
    wall_clock: Callable[[], float] = time.time
    has_own_looks: bool = False
    """A user's templates are in force, so that a message may have lost the buttons that it was posted with."""
    pictures: Pictures = field(default_factory=Pictures)
    memory: LaneMemory = field(default_factory=LaneMemory)
    """Knows who was pinged, and which posts were opened."""

    def compose(self, head: Sequence[StoredCard], *, repeated: bool = False) -> Composed:
        """Return a message of as many cards from the front as fit; at least one. What comes after is not rendered.

        Cards of another forum post than the first one's are left for other messages.
        """
        head, post = of_one_post(self.destination, self.memory, head)
        return self._addressed(lambda room: self._packed(head, room, repeated=repeated), post)

    def _packed(self, head: Sequence[StoredCard], max_content_chars: int, *, repeated: bool) -> Composed:
        cards: list[Card] = []
        now_s = self.wall_clock()

        def rendered() -> Iterator[Rendered]:
            for stored in head:
                cards.append(Card.from_bytes(stored.payload))
                yield self._render(cards[-1], repeated=repeated, late=late_mark(cards[-1].accepted_ns, now_s))

        packed = pack(
            rendered(),
            max_embeds=self.max_embeds,
            max_content_chars=max_content_chars,
            max_file_bytes=self.max_file_bytes,
        )
        note = Note(repeated=repeated)
        return Composed(packed.message, tuple(head[: packed.taken]), tuple(cards[: packed.taken]), note)

    def compose_digest(self, head: Sequence[StoredCard], *, repeated: bool = False) -> Composed:
        """Return one message of all these cards, or of those of the first one's forum post.

        Those that the message shows itself come first in what is returned.
        """
        head, post = of_one_post(self.destination, self.memory, head)
        if post and len(head) <= self.max_embeds:
            return self.compose(head, repeated=repeated)
        return self._addressed(lambda room: self._packed_digest(head, room, repeated=repeated), post)

    def _packed_digest(self, head: Sequence[StoredCard], max_content_chars: int, *, repeated: bool) -> Composed:
        cards = [Card.from_bytes(stored.payload) for stored in head]
        most_full, most_lines = self._digest_room()
        chosen = choose(cards, most_full=most_full, most_lines=most_lines)
        full, lines, others = ([cards[place] for place in part] for part in (chosen.full, chosen.lines, chosen.others))
        now_s = self.wall_clock()
        digest = Digest(
            full=full,
            lines=lines,
            others=others,
            other_problems=len(others),
            other_records=sum(card.count for card in others),
            now_s=now_s,
        )
        late = late_mark(min((card.accepted_ns for card in cards if card.accepted_ns), default=0), now_s)
        rendered = [
            self.renderer.digest(digest, repeated=repeated, late=late),
            *(self._render(card, repeated=False, late="", brief=True) for card in full),
        ]
        return Composed(
            fit_all(rendered, max_content_chars=max_content_chars, max_file_bytes=self.max_file_bytes),
            tuple(head[place] for place in chosen.order),
            tuple(cards[place] for place in chosen.order),
            Note(
                is_digest=True,
                other_problems=digest.other_problems,
                other_records=digest.other_records,
                repeated=repeated,
            ),
        )

    def again(self, composed: Composed) -> Composed:
        """Return a message that may have arrived and is sent again: it says so. As many of its cards as fit then."""
        if composed.note.is_digest:
            return self.compose_digest(composed.stored, repeated=True)
        return self.compose(composed.stored, repeated=True)

    def recompose(
        self,
        cards: Sequence[Card],
        note: Note | None = None,
        *,
        posted_s: float = 0.0,
        charts: EditedCharts | None = None,
    ) -> Message:
        """Return the new state of a message that was posted with these cards, in this order: for an edit.

        Args:
            cards: those that are kept of the message, with their counts of now.
            note: what is remembered of the message.
            posted_s: when it was posted, in seconds since the epoch; what came late then says so still. 0: not known.
            charts: the pictures of alerts, where the message shows alerts.
        """
        note = note or Note()
        if note.is_digest:
            rendered = self._digest_again(cards, note)
        else:
            rendered = [
                self._render_posted(
                    card, late_mark(card.accepted_ns, posted_s) if posted_s else "", repeated=note.repeated
                )
                for card in cards
            ]
        room = content_room(note.address)
        message = None
        if charts is not None:
            pictured = [illustrated(each, part) for each, part in zip(rendered, charts.parts, strict=True)]
            whole = fit_all(pictured, max_content_chars=room, max_file_bytes=self.max_file_bytes)
            message = with_files_of_edit(whole, charts.new, note.files, is_certain=charts.is_certain)
        if message is None:
            message = fit_again(rendered, max_content_chars=room, max_file_bytes=self.max_file_bytes)
        if self.memory.refuses_buttons:
            message = replace(message, buttons=())
        addressed_again = with_address(message, note.address)
        return replace(addressed_again, thread_id=note.thread_id, thread_name="", clears_buttons=self.has_own_looks)

    def _digest_again(self, cards: Sequence[Card], note: Note) -> list[Rendered]:
        most_full, _ = self._digest_room()
        full, lines = cards[:most_full], cards[most_full:]
        digest = Digest(
            full=full,
            lines=lines,
            other_problems=note.other_problems,
            other_records=note.other_records,
            now_s=self.wall_clock(),
            is_edit=True,
        )
        return [
            self.renderer.digest(digest, repeated=note.repeated),
            *(self._render_posted(card, "", brief=True) for card in full),
        ]

    def _digest_room(self) -> tuple[int, int]:
        """Return how many cards a digest shows in full, and how many on a line. The same at each edit."""
        if self.destination.preset == "plain":
            return min(FULL_CARDS_IN_TEXT, self.max_embeds - 1), LINES_IN_TEXT
        return min(FULL_CARDS, self.max_embeds - 1), LINES

    def _addressed(self, packed_within: Callable[[int], Composed], post: str) -> Composed:
        """Return a message with whom it pings; packed with less text where that leaves no room."""
        now_s = self.wall_clock()
        composed = packed_within(limits.CONTENT_CHARS)
        call = call_of(self.destination, self.memory, composed.stored, composed.cards, now_s)
        if call.address and len(composed.message.content) > content_room(call.address):
            composed = packed_within(content_room(call.address))
            call = call_of(self.destination, self.memory, composed.stored, composed.cards, now_s)
        if self.destination.thread_name is not None:
            post = composed.message.thread_name or post
        message = addressed(composed.message, self.destination, self.memory, composed.stored, call, post, now_s)
        note = replace(composed.note, address=call.address)
        return replace(composed, message=message, note=note, call=call, post=post)

    def _render(self, card: Card, *, repeated: bool, late: str, brief: bool = False) -> Rendered:
        parts = [file_part(ref, self.shelf, self.max_file_bytes) for ref in card.attachments]
        missing = [
            f"{ref.filename}: {part}"
            for ref, part in zip(card.attachments, parts, strict=True)
            if isinstance(part, str)
        ]
        notes = [*card.notes, *missing]
        rendered = self.renderer.render(card, repeated=repeated, late=late, notes=notes, brief=brief)
        pairs = zip(card.attachments, parts, strict=True)
        files = [part if isinstance(part, FilePart) else _absent(ref) for ref, part in pairs]
        rendered = replace(rendered, files=(*rendered.files, *files))
        return illustrated(rendered, self.pictures.of(card))

    def _render_posted(self, card: Card, late: str, *, repeated: bool = False, brief: bool = False) -> Rendered:
        """Its files are in Discord: of them only the names count."""
        rendered = self.renderer.render(card, repeated=repeated, late=late, notes=card.notes, brief=brief)
        return replace(rendered, files=rendered.files + tuple(map(_sent_already, card.attachments)))


def illustrated(rendered: Rendered, part: FilePart | None) -> Rendered:
    """Return an alert with its chart as a picture instead of text, where there is one."""
    if part is None or rendered.pictured is None:
        return rendered
    if any(each.filename == part.filename for each in rendered.files):
        part = replace(part, filename=f"alert-{part.filename}")
    embed = replace(rendered.pictured, image_url=f"attachment://{part.filename}")
    return replace(rendered, embed=embed, files=(*rendered.files, part))


def _absent(ref: AttachmentRef) -> FilePart:
    """Return a file that no message takes, so that only its name is."""
    return FilePart(filename=ref.filename, open=bytes, size_bytes=sys.maxsize)


def _sent_already(ref: AttachmentRef) -> FilePart:
    return FilePart(filename=ref.filename, open=bytes, size_bytes=ref.size_bytes)


def repaired(message: Message, repairs: frozenset[Repair]) -> Message:
    """Return the message without what the repairs leave out."""
    if Repair.ALL_FILES in repairs:
        message = leave_files(message, ())
    elif Repair.ONE_TIME_FILES in repairs:
        message = leave_files(message, tuple(part for part in message.files if part.reopenable))
    if Repair.OVERRIDES in repairs:
        message = replace(message, username="", avatar_url="")
    if Repair.BUTTONS in repairs:
        message = replace(message, buttons=())
    if Repair.DECORATION in repairs:
        message = replace(message, embeds=tuple(_plain_embed(embed) for embed in message.embeds))
    return message


def _plain_embed(embed: Embed) -> Embed:
    return Embed(title=embed.title, description=embed.description or embed.title or "\u200b")
