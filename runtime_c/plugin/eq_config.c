/* Configuration and result files of the instruction counter. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eq_count.h"

const char *const eq_class_names[EQ_CLASS_COUNT] = {
    [EQ_CLASS_ALU] = "alu",
    [EQ_CLASS_LOAD] = "load",
    [EQ_CLASS_STORE] = "store",
    [EQ_CLASS_LOAD_MULTIPLE] = "load_multiple",
    [EQ_CLASS_STORE_MULTIPLE] = "store_multiple",
    [EQ_CLASS_MUL] = "mul",
    [EQ_CLASS_MULH] = "mulh",
    [EQ_CLASS_MAC] = "mac",
    [EQ_CLASS_SIMD] = "simd",
    [EQ_CLASS_DIV] = "div",
    [EQ_CLASS_BRANCH] = "branch",
    [EQ_CLASS_JUMP] = "jump",
    [EQ_CLASS_HWLOOP] = "hwloop",
    [EQ_CLASS_FP] = "fp",
    [EQ_CLASS_FPDIV] = "fpdiv",
    [EQ_CLASS_VECTOR] = "vector",
    [EQ_CLASS_VECTOR_LOAD] = "vector_load",
    [EQ_CLASS_VECTOR_STORE] = "vector_store",
    [EQ_CLASS_ATOMIC] = "atomic",
    [EQ_CLASS_CSR] = "csr",
    [EQ_CLASS_OTHER] = "other",
};

static bool parse_number(const char *text, uint64_t *value, const char **rest) {
  char *end;
  errno = 0;
  *value = strtoull(text, &end, 0);
  *rest = end;
  return end != text && errno == 0;
}

/* "<start> <end>" */
static bool parse_range(const char *text, eq_range_t *range, const char **rest) {
  uint64_t start, end;
  if (!parse_number(text, &start, rest) || !parse_number(*rest, &end, rest)) {
    return false;
  }
  *range = (eq_range_t){(uint32_t)start, (uint32_t)end};
  return true;
}

static bool parse_path(const char *text, char *path) {
  const size_t length = strlen(text);
  if (length == 0 || length >= EQ_PATH_LIMIT) {
    return false;
  }
  memcpy(path, text, length + 1);
  return true;
}

/* "<class> <hundredths>" */
static bool parse_cost(const char *text, eq_config_t *config) {
  const char *rest;
  uint64_t value = 0;
  const size_t length = strcspn(text, " ");
  if (!parse_number(text + length, &value, &rest)) {
    return false;
  }
  if (length == strlen("multi_register") && strncmp(text, "multi_register", length) == 0) {
    config->register_cost = value;
    return true;
  }
  for (size_t i = 0; i < EQ_CLASS_COUNT; i++) {
    if (strlen(eq_class_names[i]) == length && strncmp(eq_class_names[i], text, length) == 0) {
      config->cost[i] = value;
      return true;
    }
  }
  return false;
}

static bool parse_decoder(const char *text, eq_config_t *config) {
  config->decode = strcmp(text, "riscv") == 0 ? eq_decode_riscv : strcmp(text, "cortex_m") == 0 ? eq_decode_arm : NULL;
  return config->decode != NULL;
}

static bool parse_load_rule(const char *text, eq_config_t *config) {
  config->load_extra_unless_memory = strcmp(text, "not_followed_by_memory") == 0;
  return config->load_extra_unless_memory || strcmp(text, "used") == 0;
}

/* Keys with a plain number. */
static uint64_t *number_field(const char *key, eq_config_t *config) {
  const struct {
    const char *key;
    uint64_t *field;
  } fields[] = {{"taken_branch_extra", &config->taken_branch_extra},
                {"load_use_extra", &config->load_use_extra},
                {"fork", &config->fork},
                {"join", &config->join}};
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    if (strcmp(key, fields[i].key) == 0) {
      return fields[i].field;
    }
  }
  return NULL;
}

static bool parse_line(const char *key, const char *text, eq_config_t *config) {
  const char *rest;
  uint64_t value = 0;
  uint64_t *field = number_field(key, config);
  if (field != NULL) {
    return parse_number(text, field, &rest);
  }
  if (strcmp(key, "decoder") == 0) {
    return parse_decoder(text, config);
  }
  if (strcmp(key, "harts") == 0) {
    const bool valid = parse_number(text, &value, &rest) && value >= 1 && value <= EQ_HART_LIMIT;
    config->harts = (uint32_t)value;
    return valid;
  }
  if (strcmp(key, "elf") == 0) {
    return parse_path(text, config->elf);
  }
  if (strcmp(key, "result") == 0) {
    return parse_path(text, config->result);
  }
  if (strcmp(key, "wait") == 0) {
    return parse_range(text, &config->wait, &rest);
  }
  if (strcmp(key, "trap") == 0) {
    return parse_range(text, &config->trap, &rest);
  }
  if (strcmp(key, "mark") == 0) {
    return parse_range(text, &config->mark, &rest);
  }
  if (strcmp(key, "marks") == 0) {
    const bool valid = parse_number(text, &value, &rest);
    config->marks = (uint32_t)value;
    return valid;
  }
  if (strcmp(key, "retired") == 0) {
    const bool valid = parse_range(text, &config->retired, &rest) && parse_number(rest, &value, &rest);
    config->retired_code = (uint32_t)value;
    return valid;
  }
  if (strcmp(key, "cost") == 0) {
    return parse_cost(text, config);
  }
  if (strcmp(key, "load_extra_rule") == 0) {
    return parse_load_rule(text, config);
  }
  return false;
}

bool eq_config_read(const char *path, eq_config_t *config) {
  static char line[EQ_PATH_LIMIT + 64];
  FILE *file = fopen(path, "r");
  bool valid = file != NULL;
  while (valid && fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *text = strchr(line, ' ');
    if (text != NULL) {
      *text++ = '\0';
    }
    valid = text != NULL && parse_line(line, text, config);
    if (!valid) {
      fprintf(stderr, "instruction counter: bad configuration, key '%s'\n", line);
    }
  }
  if (file == NULL) {
    fprintf(stderr, "instruction counter: can't open configuration %s: %s\n", path, strerror(errno));
  } else {
    fclose(file);
  }
  return valid && config->decode != NULL && config->harts > 0;
}

static void write_hart(FILE *file, const eq_tally_t *tally) {
  fprintf(file,
          "{\"instructions\": %" PRIu64 ", \"centicycles\": %" PRIu64 ", \"taken_branches\": %" PRIu64
          ", \"load_stalls\": %" PRIu64 ", \"transfers\": %" PRIu64 ", \"classes\": {",
          tally->instructions, tally->cycles, tally->taken_branches, tally->load_stalls, tally->transfers);
  const char *separator = "";
  for (size_t i = 0; i < EQ_CLASS_COUNT; i++) {
    if (tally->classes[i] != 0) {
      fprintf(file, "%s\"%s\": %" PRIu64, separator, eq_class_names[i], tally->classes[i]);
      separator = ", ";
    }
  }
  fprintf(file, "}}");
}

bool eq_result_write(const eq_config_t *config, eq_layer_t *const layers[EQ_LAYER_LIMIT], uint64_t forks) {
  FILE *file = fopen(config->result, "w");
  if (file == NULL) {
    fprintf(stderr, "instruction counter: can't write %s: %s\n", config->result, strerror(errno));
    return false;
  }
  fprintf(file, "{\n\"version\": 1,\n\"harts\": %" PRIu32 ",\n\"forks\": %" PRIu64 ",\n\"layers\": [", config->harts,
          forks);
  const char *separator = "\n";
  for (size_t layer = 0; layer < EQ_LAYER_LIMIT; layer++) {
    if (layers[layer] == NULL) {
      continue;
    }
    fprintf(file, "%s{\"layer\": %zu, \"runs\": %" PRIu64 ", \"centicycles\": %" PRIu64 ", \"harts\": [\n", separator,
            layer, layers[layer]->runs, layers[layer]->cycles);
    for (uint32_t hart = 0; hart < config->harts; hart++) {
      fprintf(file, hart == 0 ? " " : ",\n ");
      write_hart(file, &layers[layer]->harts[hart]);
    }
    fprintf(file, "]}");
    separator = ",\n";
  }
  fprintf(file, "\n]\n}\n");
  return fclose(file) == 0;
}
