"""Classes of the three subsets of SAMRS, in the order of their numbers."""

from typing import Final

_DOTA = (
    "large-vehicle swimming-pool helicopter bridge plane ship soccer-ball-field basketball-court "
    "ground-track-field small-vehicle baseball-diamond tennis-court roundabout storage-tank "
    "harbor container-crane airport helipad"
)
DOTA: Final = tuple(_DOTA.split())
"""SOTA: 18 of DOTA 2.0."""

_DIOR = (
    "airplane airport baseballfield basketballcourt bridge chimney expressway-service-area "
    "expressway-toll-station dam golffield groundtrackfield harbor overpass ship stadium "
    "storagetank tenniscourt trainstation vehicle windmill"
)
DIOR: Final = tuple(_DIOR.split())
"""SIOR: 20."""

_FAIR1M = (
    "A220 A321 A330 A350 ARJ21 Baseball-Field Basketball-Court Boeing737 Boeing747 Boeing777 "
    "Boeing787 Bridge Bus C919 Cargo-Truck Dry-Cargo-Ship Dump-Truck Engineering-Ship Excavator "
    "Fishing-Boat Football-Field Intersection Liquid-Cargo-Ship Motorboat other-airplane "
    "other-ship other-vehicle Passenger-Ship Roundabout Small-Car Tennis-Court Tractor Trailer "
    "Truck-Tractor Tugboat Van Warship"
)
FAIR1M: Final = tuple(_FAIR1M.split())
"""FAST: 37."""
