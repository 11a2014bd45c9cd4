"""Training on the device: SPEC -> the graph of a training step, derived by rule from the forward graph."""
