"""How far an enquiry has come, as its citizen is told."""

import pytest

from services.intake.domain import IN_WORDS, Milestones, Stage, stage_of
from tests.builders import MORNING


@pytest.mark.parametrize(
    ("milestones", "stage"),
    [
        (Milestones(), Stage.RECEIVED),
        (Milestones(taken_up_at=MORNING), Stage.BEING_DEALT_WITH),
        (Milestones(answered_at=MORNING), Stage.ANSWERED),
        (Milestones(taken_up_at=MORNING, answered_at=MORNING), Stage.ANSWERED),
        (Milestones(resolved_at=MORNING), Stage.RESOLVED),
        (Milestones(taken_up_at=MORNING, answered_at=MORNING, resolved_at=MORNING), Stage.RESOLVED),
    ],
)
def test_the_furthest_step_decides(milestones: Milestones, stage: Stage) -> None:
    assert stage_of(milestones) is stage


def test_every_stage_has_a_sentence() -> None:
    assert set(IN_WORDS) == set(Stage)
