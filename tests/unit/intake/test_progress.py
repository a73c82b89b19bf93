"""How far an enquiry has come, as its citizen is told: the same whatever came first, routing's word or crm's."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.progress import IN_WORDS, Progress, Stage, Step, progress_of
from tests.builders import MORNING

OF_CRM = [step for step in Step if step is not Step.TAKEN_UP]
told_by_crm = st.lists(st.sampled_from(OF_CRM), max_size=12)


def folded(steps: list[Step]) -> Progress:
    return progress_of((step, MORNING + timedelta(hours=nth)) for nth, step in enumerate(steps))


@pytest.mark.parametrize(
    ("steps", "stage"),
    [
        ([], Stage.RECEIVED),
        ([Step.TAKEN_UP], Stage.BEING_DEALT_WITH),
        ([Step.RESUMED], Stage.RECEIVED),
        ([Step.ANSWERED], Stage.ANSWERED),
        ([Step.ANSWERED, Step.TAKEN_UP], Stage.ANSWERED),
        ([Step.ASKED], Stage.WAITING_FOR_YOU),
        ([Step.ASKED, Step.TAKEN_UP], Stage.WAITING_FOR_YOU),
        ([Step.ASKED, Step.RESUMED], Stage.BEING_DEALT_WITH),
        ([Step.ASKED, Step.ANSWERED], Stage.ANSWERED),
        ([Step.ANSWERED, Step.ASKED], Stage.WAITING_FOR_YOU),
        ([Step.RESOLVED], Stage.RESOLVED),
        ([Step.RESOLVED, Step.ANSWERED], Stage.RESOLVED),
        ([Step.RESOLVED, Step.REOPENED], Stage.BEING_DEALT_WITH),
        ([Step.RESOLVED, Step.REOPENED, Step.RESOLVED], Stage.RESOLVED),
        ([Step.RESOLVED, Step.RESUMED], Stage.RESOLVED),
    ],
)
def test_the_latest_word_decides(steps: list[Step], stage: Stage) -> None:
    assert folded(steps).stage is stage


@given(told_by_crm, st.data())
def test_p27_when_somebody_took_it_up_makes_no_difference(steps: list[Step], data: st.DataObject) -> None:
    timed = [(step, MORNING + timedelta(hours=nth)) for nth, step in enumerate(steps)]
    taken_up = (Step.TAKEN_UP, MORNING)
    place = data.draw(st.integers(0, len(timed)))
    assert progress_of([*timed[:place], taken_up, *timed[place:]]) == progress_of([taken_up, *timed])


@given(st.lists(st.sampled_from(list(Step)), max_size=12))
def test_what_is_resolved_has_its_moment_and_what_is_not_has_none(steps: list[Step]) -> None:
    progress = folded(steps)
    if progress.stage is Stage.RESOLVED:
        assert progress.resolved_at is not None
    if progress.stage is Stage.ANSWERED:
        assert progress.answered_at is not None
    if steps and steps[-1] is Step.REOPENED:
        assert progress == Progress(stage=Stage.BEING_DEALT_WITH)


def test_the_first_full_answer_counts() -> None:
    assert folded([Step.ANSWERED, Step.ANSWERED]).answered_at == MORNING


def test_every_stage_has_a_sentence() -> None:
    assert set(IN_WORDS) == set(Stage)
