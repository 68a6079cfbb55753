"""The shortened SigLIP tower against the whole one, on random weights."""

import torch
from transformers import SiglipVisionConfig, SiglipVisionModel

from geoseg.segearth.vision import SiglipTower


@torch.no_grad()
def test_tower_ends_where_the_published_model_reads() -> None:
    config = SiglipVisionConfig(
        hidden_size=48,
        intermediate_size=80,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=384,
        patch_size=14,
    )
    whole = SiglipVisionModel(config).eval()
    tower = SiglipTower(48, 2, 4, 80).eval()
    missing, unexpected = tower.load_state_dict(whole.state_dict(), strict=False)
    assert missing == []
    assert all(name.startswith(("encoder.layers.2.", "post_", "head.")) for name in unexpected)
    pixels = torch.rand(2, 3, 384, 384, generator=torch.Generator().manual_seed(0)) * 2 - 1
    expected = whole(pixels, output_hidden_states=True).hidden_states[-2]
    torch.testing.assert_close(tower(pixels), expected, rtol=0, atol=1e-5)
