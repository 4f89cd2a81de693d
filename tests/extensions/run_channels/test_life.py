"""From any state every path ends in CLEANED; no step is due twice; time never goes back."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.config import Secret
from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.life import Policy, Step
from otel_discord.extensions.run_channels.runs import Placement, Run, RunKey, State

HOUR_MS = 3_600_000
BEGIN_MS = 1_795_000_000_000
KEY = RunKey(guild_id="1", task_id="t", attempt=1, short_id="s")
DELETES, KEEPS = Policy(), Policy(deletes_after_retention=False)
ORDER = list(State)

MOVES = st.sampled_from(("step", "finalize", "gone", "hurry"))

Change = Callable[[Run], Run]


def new_run(*, retention_hours: int = 24, placement: Placement = Placement.CHANNEL) -> Run:
    return Run(
        run_id="r", key=KEY, state=State.CREATING, placement=placement, created_ms=BEGIN_MS,
        retention_hours=retention_hours,
    )  # fmt: skip


def act(run: Run, step: Step, now_ms: int, *, has_header: bool = True) -> Run:
    changes: dict[Step, Change] = {
        Step.FIND_CATEGORY: lambda run: life.with_category(run, "5"),
        Step.CREATE_CHANNEL: lambda run: life.with_channel(run, "6", "run-t"),
        Step.CREATE_WEBHOOK: lambda run: life.with_webhook(run, "7", Secret("hook-token")),
        Step.POST_HEADER: lambda run: life.with_header(run, "8" if has_header else ""),
        Step.BEGIN: life.begun,
        Step.DRAIN: life.drained,
        Step.TELL_OUTCOME: life.outcome_told,
        Step.DELETE_WEBHOOK: life.webhook_deleted,
        Step.ARCHIVE: lambda run: life.archived(run, now_ms, category_id="9"),
        Step.DELETE_CHANNEL: lambda run: life.cleaned(run, now_ms),
    }
    return changes[step](life.settled(run, now_ms, DELETES if step is Step.DELETE_CHANNEL else KEEPS))


def carry(run: Run, now_ms: int, policy: Policy = DELETES) -> tuple[Run, list[Step]]:
    """Do all that is due at one moment."""
    steps: list[Step] = []
    while (step := life.next_step(run, now_ms, policy)) not in (None, Step.FORGET):
        steps.append(step)
        run = act(life.settled(run, now_ms, policy), step, now_ms)
        assert len(steps) < 12
    return life.settled(run, now_ms, policy), steps


CREATING = [Step.FIND_CATEGORY, Step.CREATE_CHANNEL, Step.CREATE_WEBHOOK, Step.POST_HEADER, Step.BEGIN]


def test_a_run_from_its_first_to_its_last_step() -> None:
    run, steps = carry(new_run(), BEGIN_MS)
    assert steps == CREATING
    assert run.state is State.RUNNING
    assert life.is_live(run)
    assert life.due_at_ms(run, DELETES) == BEGIN_MS + 24 * HOUR_MS
    run = life.finalized(run, "success", BEGIN_MS + HOUR_MS)
    assert not life.is_live(run)
    assert life.due_at_ms(run, DELETES) == 0
    run, steps = carry(run, BEGIN_MS + HOUR_MS)
    assert steps == [Step.DRAIN, Step.DELETE_WEBHOOK, Step.TELL_OUTCOME, Step.ARCHIVE]
    assert run.state is State.ARCHIVED
    assert run.archived_ms == BEGIN_MS + HOUR_MS
    assert not run.webhook_token
    assert carry(run, BEGIN_MS + 24 * HOUR_MS - 1) == (run, [])
    run, steps = carry(run, life.due_at_ms(run, DELETES))
    assert steps == [Step.DELETE_CHANNEL]
    assert run.state is State.CLEANED
    assert life.next_step(run, life.due_at_ms(run, DELETES) - 1, DELETES) is None
    assert life.next_step(run, life.due_at_ms(run, DELETES), DELETES) is Step.FORGET


def test_a_channel_may_stay_in_the_archive() -> None:
    run, _ = carry(new_run(), BEGIN_MS, KEEPS)
    run, steps = carry(life.finalized(run, "", BEGIN_MS + 1), BEGIN_MS + 1, KEEPS)
    assert steps[-1] is Step.ARCHIVE
    run, steps = carry(run, BEGIN_MS + 24 * HOUR_MS, KEEPS)
    assert (run.state, steps) == (State.CLEANED, [])


@pytest.mark.parametrize("hours", [0, 24])
def test_what_is_deleted_at_once_is_not_archived_first(hours: int) -> None:
    run, _ = carry(new_run(retention_hours=hours), BEGIN_MS)
    assert run.state is State.RUNNING
    ended_ms = BEGIN_MS + hours * HOUR_MS - (1 if hours else -5)
    run = life.finalized(run, "success", ended_ms)
    run, steps = carry(run, BEGIN_MS + hours * HOUR_MS + 5)
    assert steps == [Step.DRAIN, Step.DELETE_WEBHOOK, Step.DELETE_CHANNEL]
    assert run.state is State.CLEANED


def test_without_retention_a_run_lives_until_it_is_finalized_but_not_for_ever() -> None:
    run, _ = carry(new_run(retention_hours=0), BEGIN_MS)
    assert life.due_at_ms(run, DELETES) == BEGIN_MS + 720 * HOUR_MS
    assert carry(run, BEGIN_MS + 719 * HOUR_MS)[0].state is State.RUNNING
    assert carry(run, BEGIN_MS + 720 * HOUR_MS)[0].state is State.CLEANED


def test_a_run_that_nobody_finalizes_ends_when_its_retention_does() -> None:
    run, _ = carry(new_run(), BEGIN_MS)
    run, steps = carry(run, BEGIN_MS + 24 * HOUR_MS)
    assert steps == [Step.DRAIN, Step.DELETE_WEBHOOK, Step.DELETE_CHANNEL]
    assert (run.state, run.finalized_ms) == (State.CLEANED, 0)
    run, _ = carry(new_run(), BEGIN_MS, KEEPS)
    _, steps = carry(run, BEGIN_MS + 24 * HOUR_MS, KEEPS)
    assert steps == [Step.DRAIN, Step.DELETE_WEBHOOK, Step.TELL_OUTCOME, Step.ARCHIVE]


def test_the_webhook_tells_before_it_goes_where_the_header_is_its_own() -> None:
    policy = Policy(header_by_bot=False)
    run, _ = carry(new_run(), BEGIN_MS, policy)
    _, steps = carry(life.finalized(run, "", BEGIN_MS), BEGIN_MS, policy)
    assert steps == [Step.DRAIN, Step.TELL_OUTCOME, Step.DELETE_WEBHOOK, Step.ARCHIVE]


def test_the_webhook_of_threads_stays() -> None:
    run, _ = carry(new_run(placement=Placement.THREAD), BEGIN_MS)
    run, steps = carry(life.finalized(run, "", BEGIN_MS), BEGIN_MS)
    assert steps == [Step.DRAIN, Step.TELL_OUTCOME, Step.ARCHIVE]


def test_a_header_that_could_not_be_posted_is_not_edited() -> None:
    run = life.with_header(new_run())
    run, _ = carry(run, BEGIN_MS)
    assert run.state is State.RUNNING
    _, steps = carry(life.finalized(run, "", BEGIN_MS), BEGIN_MS)
    assert Step.TELL_OUTCOME not in steps


def test_an_intent_without_a_channel_is_looked_for_before_it_is_forgotten() -> None:
    _, steps = carry(new_run(), BEGIN_MS + 24 * HOUR_MS)
    assert steps == [Step.DELETE_CHANNEL]
    _, steps = carry(life.finalized(new_run(), "failure", BEGIN_MS), BEGIN_MS)
    assert steps == [Step.DELETE_CHANNEL]


def test_a_channel_without_a_stored_webhook_loses_what_it_has() -> None:
    run = life.finalized(life.with_channel(new_run(), "6", "run-t"), "", BEGIN_MS)
    _, steps = carry(run, BEGIN_MS)
    assert steps == [Step.DRAIN, Step.DELETE_WEBHOOK, Step.ARCHIVE]


def test_the_first_outcome_holds() -> None:
    run, _ = carry(new_run(), BEGIN_MS)
    run = life.finalized(life.finalized(run, "success", BEGIN_MS + 5), "failure", BEGIN_MS + 9)
    assert (run.outcome, run.finalized_ms) == ("success", BEGIN_MS + 5)


def test_room_is_made_by_what_is_archived_only() -> None:
    run, _ = carry(new_run(), BEGIN_MS)
    assert life.hurried(run) == run
    run, _ = carry(life.finalized(run, "", BEGIN_MS), BEGIN_MS)
    assert carry(life.hurried(run), BEGIN_MS)[1] == [Step.DELETE_CHANNEL]


def test_a_policy_follows_the_configuration() -> None:
    config = RunChannelsConfig.model_validate(
        {
            "bot_token": "made-up", "tokens": [{"name": "ci", "token": "x" * 16}], "after_retention": "archive",
            "header_embed": False, "max_retention_hours": 3, "default_retention_hours": 1,
        }
    )  # fmt: skip
    policy = Policy.of(config)
    assert policy == Policy(deletes_after_retention=False, header_by_bot=False, unfinished_hours=24)


@given(
    st.sampled_from(Placement), st.integers(0, 48), st.booleans(), st.booleans(),
    st.lists(st.tuples(MOVES, st.integers(-HOUR_MS, 10 * HOUR_MS)), max_size=40),
    st.booleans(),
)  # fmt: skip
def test_every_path_ends_and_goes_one_way(
    placement: Placement, hours: int, deletes: bool, by_bot: bool, moves: list[tuple[str, int]], has_header: bool
) -> None:
    policy = Policy(deletes_after_retention=deletes, header_by_bot=by_bot)
    run, now_ms, done = new_run(retention_hours=hours, placement=placement), BEGIN_MS, list[Step]()
    for move, passed_ms in (*moves, *(("step", 1),) * 12, *(("step", 800 * HOUR_MS),) * 12):
        now_ms += passed_ms
        former = run
        run = life.settled(run, now_ms, policy)
        match move:
            case "step":
                step = life.next_step(run, now_ms, policy)
                if step is Step.FORGET:
                    break
                if step is not None:
                    assert life.due_at_ms(run, policy) <= now_ms or run.state is State.CREATING
                    assert step not in done
                    done.append(step)
                    run = act(run, step, now_ms, has_header=has_header)
            case "finalize":
                run = life.finalized(run, "success", now_ms)
            case "gone":
                run = life.cleaned(run, now_ms)
            case _:
                run = life.hurried(run)
        assert ORDER.index(run.state) >= ORDER.index(former.state)
        for name in ("finalized_ms", "archived_ms", "cleaned_ms"):
            assert getattr(run, name) >= getattr(former, name)
        assert run.finalized_ms == 0 or run.finalized_ms >= run.created_ms
        if run.state is State.CLEANED:
            assert run.cleaned_ms >= max(run.archived_ms, run.finalized_ms, run.created_ms)
            assert not run.webhook_token
    assert run.state is State.CLEANED
