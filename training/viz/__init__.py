"""The paper's figures, drawn from checkpoints, runs and data. ``python -m training viz``.

::

    figures     files with the same bytes for the same numbers; masks laid over pictures
    opening     a checkpoint, or a state of training, made ready to be asked
    heat        a row of attention over image tokens, laid over the picture     (Figures 4d, 12)
    attention   the rows of an answer's [SEG] tokens, and their figure
    mosaic      the k masks of a target in one figure, two of them framed       (Figures 13 to 16)
    candidates  those masks, found and scored
    words       an answer in the colours of its masks
    panel       pictures, truth and what was found, side by side                (Figures 9 to 22)
    curves      losses and scores of runs over their steps
"""
