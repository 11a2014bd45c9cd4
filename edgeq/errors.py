"""The one exception that is meant for people."""

from __future__ import annotations


class EdgeqError(Exception):
    """Something is wrong with a model, a board, a flag or the environment.

    The message is one sentence that names what, where, the limit and the next step; the command line prints it
    and exits with code 2.
    """
