import pytest
import torch

from geoseg.errors import CheckpointError
from tests.unit.training.fit.conftest import short_recipe
from training.fit.examining import examine
from training.fit.heads import HeadLesson, add_head
from training.fit.merging import merge
from training.fit.recipe import changed
from training.fit.runs import FitOptions, fit, open_lesson
from training.fit.states import load_state, newest


@pytest.mark.parametrize("head", ["sam", "sam2"])
def test_a_sam_learns_a_step_and_can_be_asked(tmp_path, drawn, head):
    recipe = changed(short_recipe(2), {"shape.mask_head": head})
    fit(recipe, drawn, FitOptions(tmp_path / "run", cpu=True))
    learnt = load_state(newest(tmp_path / "run")).learnt
    assert "segment_head.project.weight" in learnt
    assert any(name.startswith("segment_head.sam.mask_decoder.") for name in learnt)
    assert not any("vision_encoder" in name or name.startswith("mask_decoder") for name in learnt)
    lesson, collation = open_lesson(tmp_path / "run")
    assert isinstance(lesson, HeadLesson)
    assert len(examine(lesson, collation, [drawn[0]], forced=True).picked) == len(drawn[0].masks)
    with pytest.raises(CheckpointError, match="ablation"):
        merge(tmp_path / "run", tmp_path / "whole")


@pytest.mark.parametrize("head", ["sam", "sam2"])
def test_masks_follow_their_state_and_their_picture(head):
    class Model(torch.nn.Module):
        class config:  # noqa: N801
            class language:  # noqa: N801
                hidden = 24

    torch.manual_seed(0)
    model = Model()
    add_head(model, head, "")
    rgb = torch.randint(0, 255, (2, 3, 64, 64), dtype=torch.uint8)
    maps, states = model.segment_head.look(rgb), torch.randn(3, 24)
    owner = torch.tensor([0, 1, 1])
    together = model.segment_head(maps, states, owner)
    for i in range(3):
        alone = model.segment_head(maps, states[i : i + 1], owner[i : i + 1])
        torch.testing.assert_close(together[i : i + 1], alone, atol=1e-7, rtol=1e-3)
    assert not torch.allclose(together[1], together[2], atol=1e-7)
    assert model.segment_head(maps, states[:0], owner[:0]).shape == (0, *together.shape[1:])


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="holds no model"):
        add_head(torch.nn.Module(), "sam", str(tmp_path))
