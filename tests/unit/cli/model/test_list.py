"""`geoseg model list` says what is here and what is not."""

import json

from geoseg.cli.main import main
from geoseg.segearth.config import PRESETS


def test_json_parts_what_is_here_from_what_is_known(capsys):
    assert main(["model", "list", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    names = {kind: [one["name"] for one in facts[kind]] for kind in facts}
    assert names["checkpoints"] == ["nano"]
    assert sorted(names["checkpoints"] + names["sizes"]) == sorted(PRESETS)
    assert all(one["stored_bytes"] > 0 for one in facts["checkpoints"])


def test_text_names_sizes_and_templates(capsys):
    assert main(["model", "list"]) == 0
    here, _, known = capsys.readouterr().out.partition("Sizes without weights")
    assert "nano" in here
    (r2,) = (line for line in known.splitlines() if line.split()[0] == "r2")
    assert "3294.4 M parameters" in r2
    assert "template w1-hb" in r2
