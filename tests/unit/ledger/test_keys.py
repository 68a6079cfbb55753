"""Keys are the same on every machine, and read back from their own JSON."""

import json
from dataclasses import replace

import pytest

from geoseg.ledger import RunKey
from geoseg.rendering import Rendering
from tests.unit.ledger.answers import KEY


def test_the_key_is_the_same_on_every_machine() -> None:
    assert KEY.hash == replace(KEY).hash
    assert KEY.hash == "295edec1c00aa7c6b80d12d1aa7164f764507b1dd386b3ae8c52cd4a599ab043"


@pytest.mark.parametrize(
    "rendering",
    [
        Rendering((1, 2, 3)),
        Rendering((4,), (0.1,), (1 / 3,)),
        Rendering((1,), palette=((0, 0, 0), (9, 8, 7))),
    ],
)
def test_a_key_survives_its_json(rendering: Rendering) -> None:
    key = replace(KEY, rendering=rendering, generation={"max_tokens": 512, "quantize": None})
    back = RunKey.from_json(json.loads(json.dumps(key.to_json())))
    assert back == key
    assert back.hash == key.hash
