"""Evaluation as the paper's tables do it. Paper: section 5.1; tables 2, 3 and 4.

::

    pairing      which found mask answers for which true one: four modes
    outcomes     what came of each sample, as whole numbers of pixels
    tallies      sums of them, and the metrics that follow: gIoU, cIoU, Pr@t
    breakdown    the same by dimension, category, area and number of targets
    bootstrap    intervals, drawn over pictures
    conventions  how numbers were made
    reports      a report for people and as JSON
    masks        ready masks, read from a file
    frames       the pixels in which masks are compared
    asking       a checkpoint asked about samples: generated or teacher-forced answers
    runs         evaluations kept, continued and shared among processes
    tables       tables 2, 3 and 4, with what the paper prints
    submission   masks as the AIRS contest takes them
    efficiency   operations and seconds of an image
"""
