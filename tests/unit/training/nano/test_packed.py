import pytest
import torch

from geoseg.segearth.config import PRESETS
from geoseg.segearth.model import build
from geoseg.segearth.prompt import PromptBatch
from training.nano.packed import read_packed


@pytest.mark.parametrize("asked", [[0, 1, 0, 1], [1, 0, 1, 1, 1]])
def test_packed_questions_read_as_if_each_were_alone(asked):
    torch.manual_seed(0)
    model = build(PRESETS["tiny"]).eval()
    count = len(asked)
    lengths = torch.tensor([3, 5, 4, 5, 2])[:count]
    seen = torch.arange(5)[None] < lengths[:, None]
    prompt = PromptBatch(
        torch.zeros(0, dtype=torch.long), torch.randint(1, 100, (count, 5)) * seen, seen
    )
    answer_lengths = torch.tensor([4, 2, 3, 4, 1])[:count]
    real = torch.arange(4)[None] < answer_lengths[:, None]
    ids = torch.randint(0, 30, (count, 4)) * real
    owner, image_tokens = torch.tensor(asked), torch.randn(2, 6, 32)
    with torch.no_grad():
        alone = model.read(image_tokens[owner], prompt, ids, real)
        packed = read_packed(model, image_tokens, owner, prompt, ids, real)
    torch.testing.assert_close(packed.hidden[real], alone.hidden[real], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(packed.logits[real], alone.logits[real], atol=1e-4, rtol=1e-4)
