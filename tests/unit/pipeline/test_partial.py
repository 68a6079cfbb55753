"""Polygons on the way: of truth that is known, those alone that nothing to come can change."""

import geopandas as gpd
import numpy as np
import pytest
from shapely import box

import geoseg
from geoseg.engines.color import ColorEngine
from geoseg.errors import Cancelled, OutputError
from geoseg.events import Log, Partial
from geoseg.pipeline import partial
from geoseg.tiling import plan_tiles

PLATES = [(100, 100, 300, 300), (900, 1300, 1100, 1500), (600, 2600, 900, 2800)]
"""(left, top, right, bottom): in the first row of windows, across two, and in the last."""

HEIGHT, WIDTH = 3000, 1800


@pytest.fixture
def begin(draw_scene, tmp_path, monkeypatch):
    """Start a run in which a drawing follows each commit, and each answer is committed."""
    image = np.full((3, HEIGHT, WIDTH), 100, np.uint8)
    for left, top, right, bottom in PLATES:
        image[:, top:bottom, left:right] = np.array([220, 20, 30], np.uint8)[:, None, None]
    monkeypatch.setattr(partial, "SOONEST_S", 0.0)
    monkeypatch.setattr(partial, "SHARE", 1e9)
    monkeypatch.setattr("geoseg.pipeline.asking._COMMIT_ANSWERS", 1)
    request = geoseg.Request(
        draw_scene(image),
        ("red",),
        tmp_path / "out.gpkg",
        checkpoint="color",
        partial=tmp_path / "so far.gpkg",
    )
    return lambda listen: geoseg.run(request, listen)


def test_what_is_shown_is_final_and_complete(begin, monkeypatch):
    answered, seen = [], []

    class Spy(ColorEngine):
        def answer(self, questions):
            for instruction, answer in super().answer(questions):
                answered.append(answer.tile.window)
                yield instruction, answer

    def listen(event):
        if isinstance(event, Partial):
            found = gpd.read_file(event.path, layer=event.table)
            assert event.features == len(found)
            seen.append((set(answered), found))

    monkeypatch.setattr("geoseg.pipeline.running.open_engine", lambda spec: Spy())
    result = begin(listen)
    final = gpd.read_file(result.output, layer="01_red")
    outlines = {geometry.normalize().wkb for geometry in final.geometry}
    everywhere = {tile.window for tile in plan_tiles(HEIGHT, WIDTH)}
    assert len(seen) >= 3
    for known, found in seen:
        assert {geometry.normalize().wkb for geometry in found.geometry} <= outlines
        waiting = [box(w.col_off, w.row_off, w.col_end, w.row_end) for w in everywhere - known]
        ready = [plate for plate in PLATES if not any(box(*plate).intersects(w) for w in waiting)]
        assert len(found) == len(ready)
    assert 1 <= max(len(found) for _, found in seen) < len(final)


def test_a_drawing_on_the_way_can_be_cancelled(begin):
    def listen(event):
        if isinstance(event, Log) and "final so far" in event.message:
            raise RuntimeError

    with pytest.raises(Cancelled, match="kept in"):
        begin(listen)


def test_a_file_that_cannot_be_written_costs_one_warning(begin, monkeypatch):
    def refused(*_, **__):
        raise OutputError("Somebody has it open.")

    monkeypatch.setattr(partial, "draw", refused)
    heard = []
    result = begin(heard.append)
    told = [event for event in heard if isinstance(event, Log) and "open" in event.message]
    assert [event.level for event in told[:3]] == ["warning", "debug", "debug"]
    assert result.layers[0].features == len(PLATES)
