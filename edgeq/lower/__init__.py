"""Integer graph -> layers: a kernel for every node, its packed constants, its split over cores."""
