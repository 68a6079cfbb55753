"""A question says what is asked, once."""

from __future__ import annotations

import pytest

from geoseg.dialogue import Instruction
from geoseg.engines import Question
from geoseg.errors import InstructionError
from tests.unit.engines.contract import draw_chip

ROADS, PONDS = Instruction("roads"), Instruction("ponds")


def test_instructions_keep_their_order():
    assert Question(draw_chip(), (ROADS, PONDS)).instructions == (ROADS, PONDS)


@pytest.mark.parametrize("asked", [(), (ROADS, PONDS, ROADS)])
def test_nothing_asked_and_asked_twice_are_refused(asked):
    with pytest.raises(InstructionError, match="each once"):
        Question(draw_chip(), asked)
