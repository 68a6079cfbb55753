"""Drawn scenes become data sets in the formats of the benchmarks, or georeferenced scenes.

::

    records      what a worker hands back of a scene
    lasers       LaSeRS's tree
    referring    RRSIS-D, RefSegRS, RISBench, EarthReason
    samrs        SAMRS: SOTA, SIOR, FAST
    geotiff      a scene of any size on the ground, with its truth
"""
