"""Questions about drawn scenes whose answers are known exactly.

::

    vocabulary   words for places, orders, sizes; mirror images of requests
    facts        what a picture shows of each item
    programs     what a description selects
    describing   programs become words
    proposing    programs that make sense for a picture
    rules        pieces of ground told by what lies near them
    requests     descriptions become requests and answers
    questions    a set of questions about one picture, in all dimensions
    reading      texts are taken apart again, by other code
    checking     what they then select must be exactly their masks
"""
