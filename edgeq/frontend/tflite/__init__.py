"""TensorFlow Lite files: a bounds-checked reader, the schema's tables, and the way into a graph."""
