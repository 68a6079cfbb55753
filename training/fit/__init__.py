"""Training by the paper's recipe.

::

    recipe     FitRecipe: everything that a run is told, as frozen values
    examples   Example, Examples: pictures, sentences and masks, whatever they come from
    records    data sets on disk as examples
    drawn      drawn examples with known truth
    batches    numbered batches: the same for a number, whatever process or worker makes them
    targets    masks as the two sides of the model see them
    newborn    a fresh model that speaks the words of its examples; new words for a known one
    adapting   what learns: LoRA, the rows of new tokens, whole parts; and folding it in again
    lesson     one forward pass: batch in, the terms of the loss out
    queries    the same with several queries per target
    heads      the same with SAM or SAM 2 as mask head
    shapes     which of the three a recipe asks for
    loop       steps, by accelerate on one device or several
    sharing    weights shared out over processes
    states     adapter, heads and the optimizer on disk
    runs       a recipe, a folder and examples made into a run; states opened again
    examining  how well the masks of held-out examples are found
    merging    states as checkpoints for inference
"""
