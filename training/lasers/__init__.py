"""The pipeline that made LaSeRS, for one's own pictures. Paper: section 3.1 and supplement 7.

::

    stages      what was done is not done again
    rows        pictures, masks and questions as the stages hand them on
    sources/    pictures in folders, SAMRS, COCO files

    propose     stage 1: masks
    grids         where proposers are prompted
    proposing     what a proposer is, and which of its masks are kept
    regions       one without weights
    sam           SAM and SAM 2

    filtering   stage 2: masks that can be used
    shapes        five numbers of a mask's shape
    gold          verified masks, and the shapes that they allow

    asking      stage 3: categories, questions, answers
    planning      what is asked of a picture, and in which manner
    facts         what is known of a target: where it lies, how it compares
    prompts       what a language model is told
    drawing       what one that looks is shown
    asker         asks, again where it has to
    replies       what was said, read strictly
    llm/          the models that can be asked

    checking    stage 4: questions flagged before a person looks
    checks        what a machine can see of them
    english       articles and the like
    review/     what people decide: pages for a browser, decisions, agreement

    finish      boxes, splits, the tree, statistics
    run         all stages
"""
