"""edgeq: small neural networks as exact integer C for microcontrollers."""

__version__ = "0.1.0"
