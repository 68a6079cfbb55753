"""A process that stays: jobs one after the other, with a model that is loaded once.

::

    keeping     Keeper: the engine of the last job, open for the next one
    jobs        Job, Server: a queue, and what may be said to it meanwhile
    previewing  preview: what the model says about one window
"""

from geoseg.serving.jobs import Job, Server
from geoseg.serving.keeping import Keeper
from geoseg.serving.previewing import Place, preview

__all__ = ["Job", "Keeper", "Place", "Server", "preview"]
