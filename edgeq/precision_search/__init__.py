"""Mixed precision: which layer takes which precision, so that the network keeps to a budget and loses the least.

sensitivity.py measures what each precision of each layer does to the outputs, costs.py what it costs on the board;
program.py chooses, front.py sweeps a budget, points.py builds and judges what was chosen, run.py knows the order.
"""
