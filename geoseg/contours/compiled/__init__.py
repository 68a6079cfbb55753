"""The loops of `marching`, `chains` and `shapes`, compiled by numba, where it is installed.

Their results are the same to the last bit: positions come from the same operations on the same
numbers, lists are in the same order. Nothing is compiled before it is called, and what was compiled
is kept on disk for the next process.
"""

from geoseg.contours.compiled.squares import trace
from geoseg.contours.compiled.sums import sum_up
from geoseg.contours.compiled.threads import order

__all__ = ["order", "sum_up", "trace"]
