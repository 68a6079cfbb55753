"""What scenes are made of, drawn in its own axes: x ahead (or along), y to the right.

::

    plants      grass, trees, bushes, fields
    roads       carriageways, crossings, paths, railways, bridges
    vehicles    on wheels
    aircraft    planes by their proportions, helicopters
    vessels     by their kind, with wakes
    buildings   houses, halls, roofs and what stands on them
    courts      sports grounds with their lines
    works       tanks, towers, cranes, panels
    waters      rivers, lakes, the sea and their edges
"""
