"""SegEarth-R2, readable beside the paper. Knows tensors only, nothing of scenes."""
