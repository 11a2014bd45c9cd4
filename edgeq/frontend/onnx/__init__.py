"""ONNX files in, float graphs out. The onnx package is an optional extra; only `model` imports it, in a process of its
own (see worker)."""
