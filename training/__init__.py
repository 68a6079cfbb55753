"""The lab behind the checkpoints: data, losses, loops, recipes. ``python -m training``."""
