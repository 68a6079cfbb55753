"""The paper's ablations: one setting varied, all else and the seeds the same. Section 5.4.

::

    sweep      trainings of one recipe under several values of a key
    costs      operations and seconds of an image
    compare    what a difference between two values is worth
    table      one row per value, as CSV and JSON
    queries    k tokens and masks for each target, matched and scored (Figure 5)
    heads      SAM or SAM 2 as segmentation head (Table 6)
    shapes     the lesson that a recipe's shape asks for
"""
