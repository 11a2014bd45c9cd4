"""From a network that takes a whole recording to one that takes the next samples of an endless one.

graph.py makes the integer graph of a step, with what it has to remember as states; spec.py says how scores become
events."""
