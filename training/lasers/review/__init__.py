"""What people decide: pages for a browser, their decisions, how far they agree. Paper: 7.5.

::

    points      what is judged: of a mask, of a verified mask, of a question
    decisions   who judged what how, one a line; what that comes to
    items       what a page shows
    sheet       the page
    agreement   of two judgements of the same things
"""
