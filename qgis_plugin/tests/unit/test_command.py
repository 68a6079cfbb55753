import json

from geoseg_qgis.core import command
from geoseg_qgis.core.command import Job


def test_a_run_keeps_awkward_words_in_a_file(tmp_path):
    job = Job("a b.tif", ("-o rm; 'ä'", "x" * 40000), "out.gpkg", {"min_area": "4m2"})
    line = command.run_command("/py", job, str(tmp_path))
    assert line[:6] == ["/py", "-I", "-X", "utf8", "-u", "-m"]
    assert sum(map(len, line)) < 1000
    request = json.loads((tmp_path / line[line.index("--request") + 1]).read_text("utf-8"))
    assert request["instructions"][0] == "-o rm; 'ä'"
    assert request["min_area"] == "4m2"
    assert job.ledger == "out.gpkg.ledger"


def test_option_words():
    options = {"bounds": [1, 2], "overwrite": True, "careful": False, "gsd": None, "min_area": 4}
    assert command.option_words(options) == ["--bounds", "1", "2", "--overwrite", "--min-area", "4"]


def test_the_line_to_copy_is_quoted():
    job = Job("a b.tif", ("it's",), "o.gpkg", {"device": "cpu"})
    assert command.shell_line(job) == ("geoseg run 'a b.tif' 'it'\"'\"'s' -o o.gpkg --device cpu")


def test_every_run_has_a_file_of_its_own(tmp_path):
    first = command.output_path(str(tmp_path), "Safe open areas!", now=0)
    open(first, "w").close()  # noqa: PTH123
    second = command.output_path(str(tmp_path), "Safe open areas!", now=0)
    assert first != second
    assert "safe_open_areas" in first
    assert command.slug("  ") == "geoseg"
    assert command.slug("屋根 / Dächer") == "屋根_dächer"


def test_instructions_are_lines_each_once():
    assert command.instructions_of(" a  b \n\na b\nc") == ("a b", "c")


def test_other_verbs():
    refine = command.refine_command("/py", "o.ledger", "n.gpkg", {"threshold": 0.6})
    assert refine[-2:] == ["--threshold", "0.6"]
    made = command.dataset_command("/py", "s.tif", ["p.gpkg"], "folder", {"by": "target"})
    assert made[made.index("dataset") :][:3] == ["dataset", "s.tif", "p.gpkg"]
