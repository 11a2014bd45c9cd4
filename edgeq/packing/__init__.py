"""Weight orders and scratch sizes of the SIMD kernels, one module an instruction set.

Each module mirrors the prototypes in runtime_c/include: `pack_<kernel>` turns int8 weights into the bytes that the
kernel reads, `scratch_<kernel>` gives the bytes of scratch per core. Weights come as [out_c, kernel_h, kernel_w, in_c]
for convolutions, [kernel_h, kernel_w, channels] for depthwise ones and [out_features, in_features] for linear layers;
a geometry is the mapping of the integers in eq_conv2d_s8_t by name. Packed arrays are int8 and must be placed at
16-byte aligned addresses.
"""
