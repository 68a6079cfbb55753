"""Labelled imagery: checked against its manifest, read, and kept apart from the held-out part."""
