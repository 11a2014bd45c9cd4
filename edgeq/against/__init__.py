"""The layers of a built firmware beside the activations of the framework its model comes from."""
