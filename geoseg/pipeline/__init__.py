"""The one place where the rooms meet: a scene and sentences in, polygons in a file out.

::

    request    Request: everything a run is told
    survey     what a request is about: the scene, its tiles, the area of interest
    asking     answer_scene: every tile asked, every answer kept
    running    run: from a request to a file
    reading    segment: from a scene to a GeoDataFrame
    planning   plan: what a run would cost
"""

from geoseg.pipeline.asking import answer_scene
from geoseg.pipeline.planning import PlanReport, plan
from geoseg.pipeline.reading import segment
from geoseg.pipeline.request import Request
from geoseg.pipeline.running import run

__all__ = ["PlanReport", "Request", "answer_scene", "plan", "run", "segment"]
