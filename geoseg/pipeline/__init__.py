"""The one place where the rooms meet: a scene and sentences in, polygons in a file out.

::

    request    Request: everything a run is told
    survey     what a request is about: the scenes, their tiles, the area of interest
    kept       what a ledger keeps of each scene, and which of it is meant
    asking     answer_scene, answer_scenes: every tile asked, every answer kept
    patience   an engine that fails on one tile after the other is not asked on
    running    run: from a request to a file
    refining   revise: from a ledger to a file
    showing    show: what a ledger holds, told without drawing it
    drawing    Drawing: how answers become polygons, which runs and revisions are told alike
    sheets     the layers of an output: what of which scenes is drawn in each
    outlining  from kept answers to outlines; of several things, all before the first is shaped
    writing    from kept answers to a file, for both
    partial    polygons that are final so far, while a run goes on
    nothing    the field of a thing that nobody found
    record     what a run leaves on record
    telling    what a command tells its listener
    reading    segment, refine: from a scene or a ledger to a GeoDataFrame
    planning   plan: what a run would cost
"""

from geoseg.pipeline.asking import answer_scene
from geoseg.pipeline.planning import PlanReport, plan
from geoseg.pipeline.reading import refine, segment
from geoseg.pipeline.refining import Revision, revise
from geoseg.pipeline.request import Request
from geoseg.pipeline.running import run

__all__ = [
    "PlanReport",
    "Request",
    "Revision",
    "answer_scene",
    "plan",
    "refine",
    "revise",
    "run",
    "segment",
]
