"""Drawn scenes become data sets in the formats of the benchmarks, or georeferenced scenes.

::

    records      what a worker hands back of a scene
    lasers       LaSeRS's tree
"""
