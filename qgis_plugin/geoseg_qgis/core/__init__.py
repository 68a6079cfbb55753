"""What the plugin does, without widgets.

`protocol`, `process`, `command`, `envs`, `preview` and `faults` know neither Qt nor QGIS; the
others are thin and say so.
"""
