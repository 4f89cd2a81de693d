"""Works on questions that replicas ask of each other. Pure."""

from otel_discord.store.work import Access, Query, Steps, Work

KEPT_S = 60
"""So long after its end a question may lie about."""


def ask(owner: str, token: str, body: bytes, timeout_s: float) -> Work[None]:
    """Ask, once for a token; and clear away what others left lying about."""

    def steps() -> Steps[None]:
        yield Query(f"DELETE FROM questions WHERE until < clock_timestamp() - interval '{KEPT_S} seconds'")  # noqa: S608
        yield Query(
            "INSERT INTO questions (owner, token, until, body)"
            " VALUES (?, ?, clock_timestamp() + ? * interval '1 millisecond', ?) ON CONFLICT (token) DO NOTHING",
            (owner, token, int(timeout_s * 1000), body),
        )

    return Work("ask", Access.SETTLE, steps)


def answer_to(token: str) -> Work[bytes | None]:
    """Return the answer where there is one."""

    def steps() -> Steps[bytes | None]:
        rows = yield Query("SELECT answer FROM questions WHERE token = ? AND answer IS NOT NULL", (token,))
        return bytes(rows[0][0]) if rows else None

    return Work("answer_to", Access.READ, steps)


def withdraw(token: str) -> Work[None]:
    """Remove a question."""

    def steps() -> Steps[None]:
        yield Query("DELETE FROM questions WHERE token = ?", (token,))

    return Work("withdraw", Access.SETTLE, steps)


def read_question(question_id: int) -> Work[bytes | None]:
    """Return what is asked; None where nobody waits for an answer any more."""

    def steps() -> Steps[bytes | None]:
        rows = yield Query(
            "SELECT body FROM questions WHERE id = ? AND answer IS NULL AND until > clock_timestamp()", (question_id,)
        )
        return bytes(rows[0][0]) if rows else None

    return Work("read_question", Access.READ, steps)


def answer(question_id: int, body: bytes) -> Work[None]:
    """Answer; what has an answer keeps it."""

    def steps() -> Steps[None]:
        yield Query("UPDATE questions SET answer = ? WHERE id = ? AND answer IS NULL", (body, question_id))

    return Work("answer", Access.SETTLE, steps)
