/* Trained parameters as constants of int8 layers. The header states the contract. */
#include "eq_tune.h"

#define LARGEST_FLOAT 3.4028234663852886e38f
#define TWO_TO_29 536870912.0
#define TWO_TO_31 2147483648.0

/* Nearest integer, halves to even, of a magnitude below 2^51: at 3 * 2^51 doubles are 1 apart. */
static double rounded(double value) {
  const double shifted = value + 6755399441055744.0;
  return shifted - 6755399441055744.0;
}

static double magnitude(double value) { return value < 0.0 ? -value : value; }

/* Whether it is neither infinite nor no number. */
static int32_t is_finite(float value) { return value >= -LARGEST_FLOAT && value <= LARGEST_FLOAT; }

/* ratio ~ multiplier / 2^shift, multiplier below 2^31, shift at most 32; 0 < ratio < 2^30. */
static void single_rounding(double ratio, int32_t *multiplier, int8_t *shift) {
  double scaled = ratio * 4294967296.0;
  int32_t places = 32;
  while (scaled >= TWO_TO_31 - 0.5) { /* would round to 2^31 */
    scaled *= 0.5;
    places -= 1;
  }
  *multiplier = (int32_t)rounded(scaled);
  *shift = (int8_t)places;
}

/* ratio ~ multiplier / 2^31 * 2^exponent, 2^30 <= multiplier < 2^31; both 0 below 2^-32. */
static void double_rounding(double ratio, int32_t *multiplier, int8_t *exponent) {
  int32_t power = 0;
  while (ratio >= 1.0) {
    ratio *= 0.5;
    power += 1;
  }
  while (ratio < 0.5 && power >= -32) {
    ratio *= 2.0;
    power -= 1;
  }
  double scaled = rounded(ratio * TWO_TO_31);
  if (scaled >= TWO_TO_31) {
    scaled *= 0.5;
    power += 1;
  }
  const int32_t vanishes = power < -31;
  *multiplier = vanishes ? 0 : (int32_t)scaled;
  *exponent = (int8_t)(vanishes ? 0 : power);
}

/* Elements from the first one to a channel's weight i. */
static int32_t place_of(const eq_order_t *order, int32_t channel, int32_t i) {
  int32_t coordinates[EQ_ORDER_AXES] = {channel};
  for (int32_t axis = order->axes - 1; axis > 0; axis--) {
    coordinates[axis] = i % order->sizes[axis];
    i /= order->sizes[axis];
  }
  int32_t place = 0;
  for (int32_t index = 0; index < order->loops; index++) {
    const eq_loop_t *const loop = &order->loop[index];
    const int32_t turn = coordinates[loop->axis] / loop->step % loop->count;
    place += (loop->places == NULL ? turn : (int32_t)loop->places[turn]) * loop->stride;
  }
  return place;
}

static void put_half(int8_t *target, int32_t value) {
  const uint32_t bits = (uint32_t)value & 0xffffu;
  target[0] = (int8_t)(uint8_t)(bits & 0xffu);
  target[1] = (int8_t)(uint8_t)(bits >> 8);
}

static void put(eq_store_t store, int8_t *target, int32_t place, int32_t weight) {
  if (store == EQ_STORE_BYTES) {
    target[place] = (int8_t)weight;
  } else if (store == EQ_STORE_HALVES) {
    put_half(target + 2 * place, weight);
  } else {
    /* The other weight of the pair stays: of first + 256 * second the low byte is the first. */
    int8_t *const pair = target + place / 2 * 2;
    const int32_t first = pair[0], second = pair[1] + (first < 0 ? 1 : 0);
    put_half(pair, place % 2 == 0 ? weight + 256 * second : first + 256 * weight);
  }
}

/* A channel's scale; 0 where a parameter is infinite or no number. */
static double scale_of(const eq_tune_t *p, const float *weights, int32_t count, float bias) {
  float largest = 0.0f;
  int32_t finite = is_finite(bias);
  for (int32_t i = 0; i < count; i++) {
    const float weight = weights[i * p->weight_stride], size = weight < 0.0f ? -weight : weight;
    finite = finite && is_finite(weight);
    largest = size > largest ? size : largest;
  }
  if (!finite) {
    return 0.0;
  }
  double scale = (double)largest / 127.0;
  const double least = magnitude((double)bias) / (p->input_scale * TWO_TO_29);
  scale = scale > least ? scale : least;
  return scale > p->floor ? scale : p->floor;
}

eq_status_t eq_tune(const eq_tune_t *p, const float *weights, const float *bias, const eq_tuned_t *target) {
  int32_t count = 1;
  for (int32_t axis = 1; axis < p->order.axes; axis++) {
    count *= p->order.sizes[axis];
  }
  for (int32_t channel = 0; channel < p->channels; channel++) {
    const float *const own = weights + channel * p->channel_stride;
    const double scale = scale_of(p, own, count, bias[channel]);
    if (!(scale > 0.0)) {
      return EQ_ERROR_PARAMETERS;
    }
    int64_t sum = 0, magnitudes = 0;
    for (int32_t i = 0; i < count; i++) {
      const double exact = rounded((double)own[i * p->weight_stride] / scale);
      const int32_t weight = exact > 127.0 ? 127 : (exact < -127.0 ? -127 : (int32_t)exact);
      sum += weight;
      magnitudes += weight < 0 ? -weight : weight;
      if (target != NULL) {
        put(p->order.store, target->weights, place_of(&p->order, channel, i), weight);
      }
    }
    const double product = p->input_scale * scale;
    const double steps = rounded((double)bias[channel] / product);
    const double largest = (double)(255 * magnitudes) + magnitude(steps), ratio = product / p->output_scale;
    if (largest >= TWO_TO_31 || largest * ratio >= TWO_TO_31 || !(ratio < TWO_TO_29 * 2.0)) {
      return EQ_ERROR_PARAMETERS;
    }
    if (target != NULL) {
      target->bias[channel] = (int32_t)((int64_t)steps - (int64_t)p->input_zero_point * sum);
      (p->doubly_rounded != 0 ? double_rounding : single_rounding)(ratio, &target->multiplier[channel],
                                                                   &target->shift[channel]);
    }
  }
  return EQ_OK;
}

eq_status_t eq_tune_bias(const eq_tune_bias_t *p, const float *bias, int32_t *target) {
  for (int32_t channel = 0; channel < p->channels; channel++) {
    const double exact = is_finite(bias[channel]) ? (double)bias[channel] / p->scales[channel] : TWO_TO_31;
    if (!(magnitude(exact) < TWO_TO_31) || magnitude(rounded(exact)) > (double)p->most[channel]) {
      return EQ_ERROR_PARAMETERS;
    }
    if (target != NULL) {
      target[channel] = (int32_t)((int64_t)rounded(exact) - (int64_t)p->sums[channel]);
    }
  }
  return EQ_OK;
}
