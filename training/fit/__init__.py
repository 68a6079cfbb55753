"""Training by the paper's recipe.

::

    recipe     FitRecipe: everything that a run is told, as frozen values
    examples   Example, Examples: pictures, sentences and masks, whatever they come from
    batches    numbered batches: the same for a number, whatever process or worker makes them
    adapting   what learns: LoRA, the rows of new tokens, whole parts; and folding it in again
    newborn    a model with fresh weights that speaks the words of its examples
    lesson     one forward pass: batch in, the terms of the loss out
    loop       steps, by accelerate on one device or several
    states     adapter, heads and the optimizer on disk
    runs       a recipe, a folder and examples made into a run
    examining  how well the masks of held-out examples are found
"""
