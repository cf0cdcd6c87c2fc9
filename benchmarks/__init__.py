"""Measurements behind the tables of the documentation; run as `python -m`."""
