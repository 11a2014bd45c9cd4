"""The audio front end: PCM to features, in integers as the firmware computes them and in floating point for training.

front_end.py says what is computed and has the one record of its parameters, tables.py the constants of its integer
form, integer.py that form (the definition of right), floats.py the formulas in numpy, wav.py reads recordings."""

from edgeq.audio.front_end import FrontEnd

__all__ = ["FrontEnd"]
