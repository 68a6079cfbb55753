"""Data to learn from: the benchmarks in their own formats, and labelled imagery.

::

    records       Sample, Samples: one question about one picture, made when it is asked for
    loaders/      LaSeRS, RRSIS-D, RefSegRS, RISBench, EarthReason, SAMRS
    fixtures/     small drawn data sets in exactly those formats
    pickles, pictures
                  files of data sets, read with errors that name them
    categories    the 122 categories, and which of them a phrase names
    statistics, plots
                  what a data set is made of
    labelled, manifest, ucm, dubai, banepa, vehicles, open_areas, georeference, splits
                  labelled imagery: checked against its manifest, and kept apart from the held-out
                  part
"""
