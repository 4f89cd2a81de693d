"""What is remembered of a message in Discord beside its cards. Pure."""

from dataclasses import dataclass

from otel_discord._proto import queue_pb2


@dataclass(frozen=True, slots=True)
class PostedFile:
    """A file of a message in Discord, with Discord's id of it."""

    filename: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Stored with the message, written once."""

    is_digest: bool = False
    other_problems: int = 0
    """A digest's problems that are not kept."""
    other_records: int = 0
    webhook_id: str = ""
    thread_id: str = ""
    repeated: bool = False
    """It was sent again after a try whose end is not known."""
    address: str = ""
    """What its content says beside the cards, such as whom it pinged; an edit leaves it there."""
    files: tuple[PostedFile, ...] = ()
    """Its files as Discord knows them. Stored are those that it was posted with: charts have others by then."""

    def to_bytes(self) -> bytes:
        """Return the note as it is stored."""
        return queue_pb2.MessageNote(
            form=queue_pb2.MessageNote.FORM_DIGEST if self.is_digest else queue_pb2.MessageNote.FORM_CARDS,
            other_problems=self.other_problems,
            other_records=self.other_records,
            webhook_id=self.webhook_id,
            thread_id=self.thread_id,
            repeated=self.repeated,
            address=self.address,
            files=[queue_pb2.PostedFile(id=each.id, filename=each.filename) for each in self.files],
        ).SerializeToString()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Note":
        """Return the note that was stored."""
        note = queue_pb2.MessageNote.FromString(stored)
        return cls(
            is_digest=note.form == queue_pb2.MessageNote.FORM_DIGEST,
            other_problems=note.other_problems,
            other_records=note.other_records,
            webhook_id=note.webhook_id,
            thread_id=note.thread_id,
            repeated=note.repeated,
            address=note.address,
            files=tuple(PostedFile(each.filename, each.id) for each in note.files),
        )
