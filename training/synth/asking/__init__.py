"""Questions about drawn scenes whose answers are known exactly.

::

    vocabulary   words for places, orders, sizes; mirror images of requests
    facts        what a picture shows of each item
    programs     what a description selects
    describing   programs become words
    proposing    programs that make sense for a picture
    requests     descriptions become requests and answers
    questions    a set of questions about one picture, in all dimensions
    checking     texts are read again, by other code, and must select exactly their masks
"""
