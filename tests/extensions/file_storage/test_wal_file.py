"""Reading logs: as SQLite reads them, and further."""

import io
import random

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.extensions.file_storage.log_tail import Committed, LogTail, decode_tail, encode_tail, read_tail
from otel_discord.extensions.file_storage.wal_audit import WalVerdict, audit_wal, latest_pages
from otel_discord.extensions.file_storage.wal_file import FrameState, page_offset, scan_wal
from tests.extensions.file_storage.small_storage import NAME, copy, rows_in, write

FRAME = 8192 + 24


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    path = tmp_path_factory.mktemp("storage") / NAME
    write(path, batches=12)
    return path


@pytest.fixture(scope="module")
def log(storage):
    return storage.with_name(NAME + "-wal").read_bytes()


def verdict_of(log: bytes, committed: Committed | None = None) -> WalVerdict:
    return audit_wal(scan_wal(io.BytesIO(log)), committed)


def flipped(log: bytes, offset: int, bit: int = 0) -> bytes:
    changed = bytearray(log)
    changed[offset] ^= 1 << bit
    return bytes(changed)


def test_an_unharmed_log_is_read_to_its_end(log):
    scan = scan_wal(io.BytesIO(log))
    assert scan is not None
    assert scan.header_sound
    assert scan.page_size == 8192
    assert scan.sound_frames == scan.last_commit == len(scan) == (len(log) - 32) // FRAME
    assert verdict_of(log) is WalVerdict.GOOD


def test_as_many_frames_are_taken_as_sqlite_takes(storage, log, tmp_path):
    dice = random.Random(4)
    for _ in range(25):
        path = copy(storage, tmp_path / "copy")
        cut = dice.randint(0, len(log))
        path.with_name(NAME + "-wal").write_bytes(log[:cut])
        scan = scan_wal(io.BytesIO(log[:cut]))
        connection = apsw.Connection(str(path))
        connection.pragma("locking_mode", "EXCLUSIVE")
        connection.execute("SELECT count(*) FROM sqlite_schema")
        frames, _ = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        connection.close(True)
        assert max(frames, 0) == (scan.last_commit if scan else 0)
        assert verdict_of(log[:cut]) is WalVerdict.GOOD, "a log that ends early looks like a crash"


def test_a_flipped_bit_before_the_last_transactions_is_damage(log):
    scan = scan_wal(io.BytesIO(log))
    commits = [index for index, size in enumerate(scan.commit_sizes) if size]
    last_begin = 32 + (commits[-2] + 1) * FRAME
    dice = random.Random(5)
    for _ in range(60):
        offset = dice.randrange(32, last_begin)
        damaged = scan_wal(io.BytesIO(flipped(log, offset, dice.randrange(8))))
        assert audit_wal(damaged) is WalVerdict.DAMAGED
        frame = (offset - 32) // FRAME
        # A stored checksum is the start of the next frame's.
        states = [damaged.states[i] for i in range(len(scan)) if i not in (frame, frame + 1)]
        assert states == [FrameState.SOUND] * min(frame, len(states)) + [FrameState.VERIFIED] * (len(states) - frame)


def test_a_torn_last_transaction_is_no_damage(log):
    scan = scan_wal(io.BytesIO(log))
    commits = [index for index, size in enumerate(scan.commit_sizes) if size]
    begin = 32 + (commits[-2] + 1) * FRAME
    dice = random.Random(6)
    for _ in range(40):
        torn = bytearray(log)
        for sector in range(begin, len(log), 512):
            if dice.random() < 0.5:
                torn[sector : sector + 512] = dice.choice((bytes, dice.randbytes))(len(torn[sector : sector + 512]))
        assert verdict_of(bytes(torn)) is WalVerdict.GOOD
    older = scan_wal(io.BytesIO(bytes(torn)))
    assert latest_pages(older, WalVerdict.GOOD).older == {}


def test_what_was_left_from_the_logs_earlier_use_is_no_damage(tmp_path):
    path = tmp_path / NAME
    write(path, batches=12)
    connection = apsw.Connection(str(path))
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.pragma("locking_mode", "EXCLUSIVE")
    connection.execute("SELECT count(*) FROM meta").get  # noqa: B018 - reads the log
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
    for number in range(3):
        connection.execute("INSERT INTO meta VALUES (?, 1, -1)", (f"n{number}",))
    connection.close(True)
    log = path.with_name(NAME + "-wal").read_bytes()
    scan = scan_wal(io.BytesIO(log))
    assert 0 < scan.last_commit < len(scan)
    assert set(scan.states[scan.last_commit :]) == {FrameState.STALE}
    assert audit_wal(scan) is WalVerdict.GOOD
    assert len(rows_in(path)["meta"]) == 5


def test_a_log_with_a_damaged_header_is_known_by_its_frames(log):
    for offset in range(32):
        damaged = flipped(log, offset, offset % 8)
        scan = scan_wal(io.BytesIO(damaged))
        assert audit_wal(scan) is WalVerdict.HEADER_DAMAGED
        assert scan.page_size == 8192
        verified = scan.states.count(FrameState.VERIFIED)
        assert verified >= len(scan) - 1
        assert latest_pages(scan, WalVerdict.HEADER_DAMAGED).frames
    zeroed = scan_wal(io.BytesIO(bytes(32) + log[32:]))
    assert zeroed.states.count(FrameState.VERIFIED) == len(zeroed) - 1


def test_a_flipped_page_number_is_put_right(log):
    frame = 20
    sound = scan_wal(io.BytesIO(log))
    damaged = scan_wal(io.BytesIO(flipped(log, page_offset(frame, 8192) - 24 + 3, 2)))
    assert damaged.page_numbers == sound.page_numbers
    assert damaged.states[frame - 1] == FrameState.VERIFIED


def test_a_log_that_is_shorter_than_noted_lost_commits(log):
    scan = scan_wal(io.BytesIO(log))
    noted = Committed(len(scan), scan.salts)
    assert verdict_of(log, noted) is WalVerdict.GOOD
    assert verdict_of(log[: -3 * FRAME], noted) is WalVerdict.TRUNCATED
    assert verdict_of(flipped(log, len(log) - 100), noted) is WalVerdict.DAMAGED
    assert verdict_of(log[: -3 * FRAME], Committed(len(scan), b"otherlog")) is WalVerdict.GOOD


def test_how_far_the_log_was_committed_is_noted_beside_it(storage, tmp_path):
    path = copy(storage, tmp_path / "copy")
    tail = LogTail(path)
    tail.note(17)
    assert read_tail(path).frames == 17
    tail.note(18)
    tail.close()
    assert read_tail(path) == Committed(18, path.with_name(NAME + "-wal").read_bytes()[16:24])
    assert path.with_name(NAME + "-tail").stat().st_mode & 0o777 == 0o600


@given(st.binary(max_size=40))
def test_a_note_that_is_not_whole_says_nothing(data):
    note = encode_tail(Committed(5, b"12345678"))
    assert decode_tail(note) == Committed(5, b"12345678")
    assert data == note or decode_tail(data) is None


@given(st.binary(max_size=3000), st.sampled_from([0, 512, 8192]))
def test_no_bytes_are_too_strange_for_a_log(data, hint):
    scan = scan_wal(io.BytesIO(data), hint)
    latest_pages(scan, audit_wal(scan)) if scan else None


@settings(max_examples=40)
@given(st.data())
def test_no_mutation_of_a_log_is_too_strange(log, data):
    changed = bytearray(log[: data.draw(st.integers(0, 20 * FRAME))])
    for _ in range(data.draw(st.integers(0, 8))):
        if changed:
            at = data.draw(st.integers(0, len(changed) - 1))
            changed[at : at + 8] = data.draw(st.binary(max_size=16))
    scan = scan_wal(io.BytesIO(bytes(changed)))
    if scan:
        latest = latest_pages(scan, audit_wal(scan))
        assert all(1 <= frame <= len(scan) for frame in latest.frames.values())
