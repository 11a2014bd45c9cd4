/* Compares the kernels of one ISA with a naive evaluation of the headers' formulas over seeded random shapes.
 *
 * EQ_FUZZ_ISA (scalar, dsp, mve, xpulp) names the kernels, EQ_FUZZ_CASES the number of cases. Each case draws a
 * geometry around the SIMD widths, weights, biases and a requantization form, runs the kernel over the work units cut
 * in up to three ranges, and compares every output byte and the guards behind each buffer. Exit code 0: all equal. */
#include "eq_conv2d.h"
#include "eq_dwconv2d.h"
#include "eq_linear.h"
#include "fuzz_support.h"
#include "pack.h"
#include "scratch.h"

#define NAME3(a, b, c) a##b##c
#define NAME(a, b, c) NAME3(a, b, c)
#define FORMS(kernel) \
  { \
    NAME(kernel, _high_, EQ_FUZZ_ISA), NAME(kernel, _shift_, EQ_FUZZ_ISA), NAME(kernel, _tflite_, EQ_FUZZ_ISA), \
    NAME(kernel, _line_, EQ_FUZZ_ISA), NAME(kernel, _step_, EQ_FUZZ_ISA) \
  }

enum { FORM_COUNT = 5 };

typedef void conv2d_t(const eq_conv2d_s8_t *, const int8_t *restrict, int8_t *restrict, void *restrict, eq_range_t);
typedef void linear_t(const eq_linear_s8_t *, const int8_t *restrict, int8_t *restrict, void *restrict, eq_range_t);

static conv2d_t *const conv2d_kernels[FORM_COUNT] = FORMS(eq_conv2d_s8);
static conv2d_t *const dwconv2d_kernels[FORM_COUNT] = FORMS(eq_dwconv2d_s8);
static linear_t *const linear_kernels[FORM_COUNT] = FORMS(eq_linear_s8);
static conv2d_t *const conv2d_pointwise_kernels[FORM_COUNT] = FORMS(eq_conv2d_s8_pointwise);
#ifdef EQ_FUZZ_CONV_KX3
static conv2d_t *const conv2d_kx3_kernels[FORM_COUNT] = FORMS(eq_conv2d_s8_kx3);
#endif
#ifdef EQ_FUZZ_DW_K3X3
static conv2d_t *const dwconv2d_k3x3_kernels[FORM_COUNT] = FORMS(eq_dwconv2d_s8_k3x3);
#endif
#ifdef EQ_FUZZ_DW_K4X4
static conv2d_t *const dwconv2d_k4x4_kernels[FORM_COUNT] = FORMS(eq_dwconv2d_s8_k4x4);
#endif

static const int32_t channel_choices[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 31, 32, 33};

static int32_t random_channels(void) {
  return random_pick(channel_choices, (int32_t)(sizeof channel_choices / sizeof channel_choices[0]));
}

static void fill_bytes(int8_t *data, int32_t count, int32_t low, int32_t high) {
  const int32_t extreme = random_between(0, 5) == 0; /* all values at the ends: the largest sums */
  for (int32_t i = 0; i < count; i++) {
    const int32_t value = extreme ? ((random_bits() & 7u) != 0u ? low : high) : random_between(low, high);
    data[i] = (int8_t)value;
  }
}

/* Multipliers, shifts, activation range and biases within the limits that eq_requant.h states. */
static eq_requant_t random_requant(int32_t channels, eq_requant_form_t form, int32_t k_count, int32_t *bias) {
  int32_t *const m = buffer(4 * channels);
  int8_t *const s = buffer(channels);
  int32_t *const offset = buffer(4 * channels);
  const int32_t zero_point = random_between(-128, 127);
  const int32_t spread = random_between(0, 3) == 0 ? 1 << 24 : 64 * k_count + 1;
  for (int32_t c = 0; c < channels; c++) {
    bias[c] = random_between(0, 2 * spread) - spread;
    if (form == EQ_REQUANT_HIGH) {
      m[c] = random_between(0, 0x7fffff) << random_between(0, 8) | random_between(0, 1);
      s[c] = 0;
    } else if (form == EQ_REQUANT_SHIFT) {
      m[c] = 0x40000000 | random_between(0, 0xffffff) << 6;
      s[c] = (int8_t)random_between(28, 32);
    } else if (form == EQ_REQUANT_TFLITE) {
      m[c] = 0x40000000 | random_between(0, 0xffffff) << 6;
      s[c] = (int8_t)random_between(-14, 2);
    } else {
      m[c] = random_between(0, 7) == 0 ? 0 : 0x40000000 | random_between(0, 0xffffff) << 6;
      s[c] = (int8_t)random_between(0, 14);
      offset[c] = zero_point * (1 << s[c]) + random_between(0, 1 << s[c]);
    }
  }
  eq_requant_t q = {m, form == EQ_REQUANT_HIGH ? NULL : s, zero_point, -128, 127, NULL};
  if (eq_has_offset(form)) {
    q.offset = offset;
    q.output_zero_point = 0;
  }
  if (random_between(0, 1) == 0) {
    q.act_min = random_between(-128, 127);
    q.act_max = random_between(q.act_min, 127);
  }
  return q;
}

static int32_t naive_at(const eq_conv2d_s8_t *p, const int8_t *input, int32_t iy, int32_t ix, int32_t c) {
  if (iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w) {
    return p->input_zero_point;
  }
  return input[(iy * p->in_w + ix) * p->in_c + c];
}

/* The formula in eq_conv2d.h; depthwise: weights [channel][taps], one input channel an output channel. */
static int8_t naive_conv2d(const eq_conv2d_s8_t *p, const int8_t *input, const int8_t *weights, int32_t pixel,
                           int32_t o, int32_t depthwise, eq_requant_form_t form) {
  int32_t acc = p->bias[o];
  const int32_t first = depthwise ? o : 0, last = depthwise ? o + 1 : p->in_c;
  const int8_t *w = weights + o * p->kernel_h * p->kernel_w * (last - first);
  for (int32_t ky = 0; ky < p->kernel_h; ky++) {
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      for (int32_t c = first; c < last; c++) {
        acc += *w++ * naive_at(p, input, pixel / p->out_w * p->stride_h - p->pad_top + ky * p->dilation_h,
                               pixel % p->out_w * p->stride_w - p->pad_left + kx * p->dilation_w, c);
      }
    }
  }
  return eq_requantize(acc, o, &p->requant, form);
}

static int32_t output_size(int32_t in, int32_t kernel, int32_t stride, int32_t pad, int32_t dilation) {
  return (in + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1;
}

/* A kernel family: how it is called, packed and given scratch. */
typedef struct {
  const char *name;
  conv2d_t *const *kernels; /* by form */
  void (*pack)(filter_t, int8_t *);
  int32_t (*packed_bytes)(filter_t);
  int32_t (*scratch_bytes)(const eq_conv2d_s8_t *);
  int32_t pointwise, depthwise;
  int32_t kernel_limit; /* largest side of the kernel; 0 if exactly 3x3 with dilation 1 */
  int32_t by_channels;  /* `range` counts channels */
  int32_t kx3;          /* three kernel columns, stride and dilation 1 along a row */
} family_t;

#define PER_ISA(name) NAME(name, EQ_FUZZ_ISA, )
#define FAMILY(op, packing, ...)                                                                              \
  {                                                                                                           \
    #op, op##_kernels, PER_ISA(pack_##packing##_), PER_ISA(packed_##packing##_), PER_ISA(scratch_##op##_), \
        __VA_ARGS__                                                                                           \
  }

static const family_t families[] = {
    FAMILY(conv2d, conv2d, 0, 0, 5, 0, 0),
    FAMILY(conv2d_pointwise, conv2d, 1, 0, 1, 0, 0),
    FAMILY(dwconv2d, dwconv2d, 0, 1, 5, 0, 0),
#ifdef EQ_FUZZ_CONV_KX3
    FAMILY(conv2d_kx3, conv2d_kx3, 0, 0, 5, 0, 1),
#endif
#ifdef EQ_FUZZ_DW_K3X3
    FAMILY(dwconv2d_k3x3, dwconv2d_k3x3, 0, 1, 0, 1, 0),
#endif
#ifdef EQ_FUZZ_DW_K4X4
    FAMILY(dwconv2d_k4x4, dwconv2d_k4x4, 0, 1, 4, 1, 0),
#endif
};
enum { FAMILY_COUNT = sizeof families / sizeof families[0] };

/* A geometry with at least one output pixel. */
static eq_conv2d_s8_t random_geometry(const family_t *family) {
  const int32_t pointwise = family->pointwise, depthwise = family->depthwise;
  static const int32_t strides[] = {1, 1, 1, 2, 3};
  eq_conv2d_s8_t p = {0};
  do {
    p.in_h = random_between(1, 10);
    p.in_w = random_between(1, 12);
    if (family->by_channels && random_between(0, 4) == 0) { /* more outputs than a strip holds */
      p.in_h = random_between(30, 50);
    } else if (family->by_channels && random_between(0, 4) == 0) {
      p.in_w = random_between(30, 50);
    }
    p.in_c = random_channels();
    p.out_c = depthwise ? p.in_c : random_channels();
    const int32_t k3x3 = family->kernel_limit == 0 || (!pointwise && random_between(0, 2) == 0);
    p.kernel_h = k3x3 ? 3 : random_between(1, family->kernel_limit);
    p.kernel_w = k3x3 ? 3 : random_between(1, family->kernel_limit);
    const int32_t dilated = family->kernel_limit != 0 && !pointwise;
    p.stride_h = pointwise ? 1 : random_pick(strides, 5);
    p.stride_w = pointwise ? 1 : random_pick(strides, 5);
    p.pad_top = pointwise ? 0 : random_between(0, 3);
    p.pad_left = pointwise ? 0 : random_between(0, 3);
    p.dilation_h = dilated && random_between(0, 2) == 0 ? 2 : 1;
    p.dilation_w = dilated && random_between(0, 2) == 0 ? 2 : 1;
    if (family->kx3) {
      p.in_w = random_between(1, 30);
      p.kernel_w = 3;
      p.stride_w = 1;
      p.dilation_w = 1;
    }
    p.out_h = output_size(p.in_h, p.kernel_h, p.stride_h, p.pad_top, p.dilation_h);
    p.out_w = output_size(p.in_w, p.kernel_w, p.stride_w, p.pad_left, p.dilation_w);
  } while (p.in_h + 2 * p.pad_top < (p.kernel_h - 1) * p.dilation_h + 1 ||
           p.in_w + 2 * p.pad_left < (p.kernel_w - 1) * p.dilation_w + 1);
  p.input_zero_point = random_between(0, 3) == 0 ? -128 : random_between(-128, 127);
  return p;
}

/* Cuts [0, units) at up to two places. */
static int32_t random_ranges(int32_t units, eq_range_t *ranges) {
  const int32_t a = random_between(0, units), b = random_between(a, units);
  if (random_between(0, 1) == 0) {
    ranges[0] = (eq_range_t){0, units};
    return 1;
  }
  ranges[0] = (eq_range_t){0, a};
  ranges[1] = (eq_range_t){a, b};
  ranges[2] = (eq_range_t){b, units};
  return 3;
}

static int report_geometry(const char *what, const eq_conv2d_s8_t *p, eq_requant_form_t form, int32_t at) {
  eq_port_print("FAIL ");
  eq_port_print(what);
  print_number("in_h", p->in_h);
  print_number("in_w", p->in_w);
  print_number("in_c", p->in_c);
  print_number("out_h", p->out_h);
  print_number("out_w", p->out_w);
  print_number("out_c", p->out_c);
  print_number("kernel_h", p->kernel_h);
  print_number("kernel_w", p->kernel_w);
  print_number("stride_h", p->stride_h);
  print_number("stride_w", p->stride_w);
  print_number("pad_top", p->pad_top);
  print_number("pad_left", p->pad_left);
  print_number("dilation_h", p->dilation_h);
  print_number("dilation_w", p->dilation_w);
  print_number("form", (int32_t)form);
  print_number("output", at);
  eq_port_print("\n");
  return 0;
}

static int conv2d_case(const family_t *family) {
  const eq_requant_form_t form = (eq_requant_form_t)random_between(0, FORM_COUNT - 1);
  const int32_t depthwise = family->depthwise;
  eq_conv2d_s8_t p = random_geometry(family);
  const int32_t k_count = p.kernel_h * p.kernel_w * (depthwise ? 1 : p.in_c);
  const int32_t units = p.out_h * p.out_w;
  int8_t *const weights = buffer(p.out_c * k_count);
  int8_t *const input = buffer(p.in_h * p.in_w * p.in_c);
  int8_t *const output = buffer(units * p.out_c);
  int32_t *const bias = buffer(4 * p.out_c);
  const filter_t filter = {weights, p.out_c, p.kernel_h, p.kernel_w, depthwise ? 1 : p.in_c};
  int8_t *const packed = buffer(family->packed_bytes(filter));
  void *const scratch = buffer(family->scratch_bytes(&p));
  fill_bytes(weights, p.out_c * k_count, -127, 127);
  fill_bytes(input, p.in_h * p.in_w * p.in_c, -128, 127);
  fill_bytes(output, units * p.out_c, -128, 127);
  p.requant = random_requant(p.out_c, form, k_count, bias);
  p.bias = bias;
  p.weights = packed;
  family->pack(filter, packed);
  eq_range_t ranges[3];
  const int32_t range_count = random_ranges(family->by_channels ? p.out_c : units, ranges);
  for (int32_t i = range_count - 1; i >= 0; i--) {
    family->kernels[form](&p, input, output, scratch, ranges[i]);
  }
  for (int32_t i = 0; i < units * p.out_c; i++) {
    if (output[i] != naive_conv2d(&p, input, weights, i / p.out_c, i % p.out_c, depthwise, form)) {
      return report_geometry(family->name, &p, form, i);
    }
  }
  return check_guards() ? 1 : report_geometry(family->name, &p, form, -1);
}

static int linear_case(void) {
  const eq_requant_form_t form = (eq_requant_form_t)random_between(0, FORM_COUNT - 1);
  const int32_t long_k = random_between(0, 3) == 0;
  eq_linear_s8_t p = {0};
  p.rows = random_between(1, 4);
  p.in_features = long_k ? random_between(500, 1100) : random_between(1, 70);
  p.out_features = long_k ? random_between(1, 9) : random_between(1, 40);
  const int32_t k = p.in_features;
  int8_t *const weights = buffer(p.out_features * k);
  const filter_t filter = {weights, p.out_features, 1, 1, k};
  int8_t *const packed = buffer(PER_ISA(packed_linear_)(filter));
  int8_t *const input = buffer(p.rows * k);
  int8_t *const output = buffer(p.rows * p.out_features);
  int32_t *const bias = buffer(4 * p.out_features);
  void *const scratch = buffer(PER_ISA(scratch_linear_)(&p));
  fill_bytes(weights, p.out_features * k, -127, 127);
  fill_bytes(input, p.rows * k, -128, 127);
  p.requant = random_requant(p.out_features, form, k, bias);
  p.bias = bias;
  p.weights = packed;
  PER_ISA(pack_linear_)(filter, packed);
  eq_range_t ranges[3];
  const int32_t range_count = random_ranges(p.out_features, ranges);
  for (int32_t i = range_count - 1; i >= 0; i--) {
    linear_kernels[form](&p, input, output, scratch, ranges[i]);
  }
  int ok = check_guards();
  for (int32_t i = 0; ok && i < p.rows * p.out_features; i++) {
    const int32_t o = i % p.out_features;
    int32_t acc = bias[o];
    for (int32_t j = 0; j < k; j++) {
      acc += weights[o * k + j] * input[i / p.out_features * k + j];
    }
    ok = output[i] == eq_requantize(acc, o, &p.requant, form);
  }
  if (!ok) {
    eq_port_print("FAIL linear");
    print_number("rows", p.rows);
    print_number("in_features", k);
    print_number("out_features", p.out_features);
    print_number("form", (int32_t)form);
    eq_port_print("\n");
  }
  return ok;
}

int main(void) {
  int32_t failures = 0;
  for (int32_t i = 0; i < EQ_FUZZ_CASES && failures < 10; i++) {
    random_state = (uint32_t)i * 2654435761u + 12345u; /* any case can be run alone */
    const int32_t kind = i % (FAMILY_COUNT + 1);
    const int ok = kind < FAMILY_COUNT ? conv2d_case(&families[kind]) : linear_case();
    if (!ok) {
      print_number("case", i);
      eq_port_print("\n");
      failures++;
    }
    release_buffers();
  }
  eq_port_print(failures == 0 ? "kernel_fuzz: ok\n" : "kernel_fuzz: FAILED\n");
  eq_port_exit(failures == 0 ? 0 : 1);
}
