"""Cards that come to count for more: another payload in the place of their own. Pure."""

from collections.abc import Mapping, Sequence

from otel_discord.component.storage import Fold
from otel_discord.store.rows import is_sound_head, seal
from otel_discord.store.schema import CARDS, POSTED, Table
from otel_discord.store.statements import BY_ID_OF_OWNER, by_ids, head_columns, portions
from otel_discord.store.work import Many, Steps


def fold_all(owner: str, folds: Sequence[Fold]) -> Steps[list[Fold]]:
    """Replace the payloads of cards, waiting or posted; return the folds whose card is not there, or is damaged.

    Of several folds of one card the last counts.
    """
    left = {fold.card_id: fold for fold in folds}
    for table in (CARDS, POSTED):
        done = yield from _fold_in(table, owner, left)
        for card_id in done:
            del left[card_id]
    return list(left.values())


def _fold_in(table: Table, owner: str, folds: Mapping[int, Fold]) -> Steps[list[int]]:
    done: list[int] = []
    for ids in portions(list(folds)):
        rows = yield by_ids(
            f"SELECT {head_columns(table)} FROM {table.name} WHERE {BY_ID_OF_OWNER}",  # noqa: S608
            ids,
            owner,
        )
        sound = [row for row in rows if is_sound_head(table, row)]
        if sound:
            yield Many(
                f"UPDATE {table.name} SET payload_crc = ?, checksum = ?, payload = ? WHERE id = ?",  # noqa: S608
                [(*seal(table, row[:-2], folds[row[0]].payload)[-3:], row[0]) for row in sound],
            )
            done += [row[0] for row in sound]
    return done
