/* Instruction counter for firmware under QEMU: executed instructions per layer, core and class, and a cycle estimate.
 *
 *   -plugin file=eq_count.so,config=FILE
 *
 * The firmware announces events by storing to eq_marks[code] (eq_mark.h): plugins see addresses, not values. Work is
 * counted while a layer is current; code in the configured ranges (waiting and boot, trap handler, marks) never is.
 * Instructions that the firmware's emulator executes are reported by its byte stores to the `retired` window and
 * counted like any other; the trapped first one has been counted when the machine tried it.
 *
 * Estimate: every core has a clock that its instructions advance by their published cost. A fork copies core 0's clock
 * to the workers, a join sets core 0 to the latest of them. A layer's cycles are the advance of core 0's clock.
 *
 * A RISC-V vector instruction costs its class's cycles once for every register of its group; the counter follows
 * vsetvli for that, and takes vectors to be as long as they may be.
 *
 * Blocks are counted when QEMU enters them, so a block must run to its end: true for all that a firmware without
 * interrupts executes. One host thread only (-accel tcg,thread=single) where there are several cores. */
#include "eq_count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eq_qemu_plugin.h"

EQ_PLUGIN_EXPORT int qemu_plugin_version = EQ_PLUGIN_API;
EQ_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv);

/* Event codes above the layers, in eq_mark.h's order */
enum { MARK_IDLE = EQ_LAYER_LIMIT, MARK_FORK, MARK_TASK_BEGIN, MARK_TASK_END, MARK_JOIN, MARK_COUNT = 1024 };

typedef enum { BLOCK_COUNTED, BLOCK_TRAP, BLOCK_UNCOUNTED } block_kind_t;

typedef struct {
  uint8_t class;
  uint16_t count;
} class_count_t;

/* Vector instructions whose cycles depend on the core's vtype when the block is entered. */
typedef struct {
  uint8_t class, group, group_size;
} grouped_t;

/* A straight piece of code: one of QEMU's translated blocks, or one emulated instruction. */
typedef struct {
  block_kind_t kind;
  uint32_t start, end;
  uint32_t instructions, load_stalls, transfers, used_classes;
  uint64_t cycles; /* without those of `grouped` */
  eq_instruction_t first, last;
  grouped_t *grouped;
  uint32_t grouped_count;
  bool sets_vtype;
  uint16_t vtype; /* behind the block, if it sets one */
  class_count_t classes[];
} block_t;

typedef struct {
  uint64_t clock;
  const block_t *previous; /* last counted block, null after waiting */
  bool working;            /* takes part in the current fork */
  uint16_t vtype;          /* of the last vsetvli */
} hart_t;

static eq_config_t config;
static hart_t harts[EQ_HART_LIMIT];
static eq_layer_t *layers[EQ_LAYER_LIMIT];
static uint32_t current_layer = MARK_IDLE;
static uint64_t layer_start, fork_clock, forks;
static block_t **emulated; /* by (address - retired_code) / 2 */

static void *allocate(size_t bytes) {
  void *memory = calloc(1, bytes);
  if (memory == NULL) {
    fprintf(stderr, "instruction counter: out of memory\n");
    exit(1);
  }
  return memory;
}

/* ---- Blocks ---- */

static bool is_memory(const eq_instruction_t *instruction) {
  switch (instruction->class) {
    case EQ_CLASS_LOAD:
    case EQ_CLASS_STORE:
    case EQ_CLASS_LOAD_MULTIPLE:
    case EQ_CLASS_STORE_MULTIPLE:
    case EQ_CLASS_VECTOR_LOAD:
    case EQ_CLASS_VECTOR_STORE: return true;
    default: return false;
  }
}

static bool load_stalls(const eq_instruction_t *load, const eq_instruction_t *next) {
  if (load->loaded == 0) {
    return false;
  }
  return config.load_extra_unless_memory ? !is_memory(next) : (load->loaded & next->reads) != 0;
}

static block_kind_t kind_of(uint32_t pc) {
  uint32_t word;
  if (eq_in_range(config.trap, pc)) {
    return BLOCK_TRAP;
  }
  if (eq_in_range(config.wait, pc) || eq_in_range(config.mark, pc) || !eq_elf_fetch(pc, &word)) {
    return BLOCK_UNCOUNTED; /* also the simulator's boot code, which is in no ELF */
  }
  return BLOCK_COUNTED;
}

static eq_instruction_t decode_at(uint32_t pc) {
  uint32_t word = 0;
  (void)eq_elf_fetch(pc, &word);
  return config.decode(word);
}

static void add_cost(block_t *block, const eq_instruction_t *instruction) {
  const uint64_t cost = config.cost[instruction->class];
  if (instruction->group == EQ_GROUP_NONE) {
    block->cycles += cost;
  } else if (block->sets_vtype) {
    block->cycles += cost * eq_group_registers(instruction->group, instruction->group_size, block->vtype);
  } else {
    block->grouped[block->grouped_count++] =
        (grouped_t){(uint8_t)instruction->class, instruction->group, instruction->group_size};
  }
  if (instruction->sets_vtype) {
    block->sets_vtype = true;
    block->vtype = instruction->vtype;
  }
}

/* The block of `count` instructions at the given addresses. */
static block_t *make_block(const uint32_t *addresses, size_t count) {
  uint16_t classes[EQ_CLASS_COUNT] = {0};
  block_t *block = allocate(sizeof *block + EQ_CLASS_COUNT * sizeof block->classes[0]);
  block->grouped = allocate(count * sizeof block->grouped[0]);
  block->kind = kind_of(addresses[0]);
  block->start = addresses[0];
  for (size_t i = 0; i < count; i++) {
    const eq_instruction_t instruction = decode_at(addresses[i]);
    classes[instruction.class]++;
    add_cost(block, &instruction);
    block->cycles += config.register_cost * instruction.transfers;
    block->cycles += instruction.loads_pc ? config.taken_branch_extra : 0;
    block->transfers += instruction.transfers;
    if (i == 0) {
      block->first = instruction;
    } else if (load_stalls(&block->last, &instruction)) {
      block->load_stalls++;
      block->cycles += config.load_use_extra;
    }
    block->last = instruction;
    block->end = addresses[i] + instruction.bytes;
  }
  block->instructions = (uint32_t)count;
  for (size_t i = 0; i < EQ_CLASS_COUNT; i++) {
    if (classes[i] != 0) {
      block->classes[block->used_classes++] = (class_count_t){(uint8_t)i, classes[i]};
    }
  }
  return block;
}

/* ---- Counting ---- */

static void count_block(hart_t *hart, eq_tally_t *tally, const block_t *block) {
  const block_t *previous = hart->previous;
  uint64_t cycles = block->cycles;
  for (uint32_t i = 0; i < block->grouped_count; i++) {
    const grouped_t *grouped = &block->grouped[i];
    cycles += config.cost[grouped->class] * eq_group_registers(grouped->group, grouped->group_size, hart->vtype);
  }
  if (previous != NULL && previous->last.conditional && previous->end != block->start) {
    tally->taken_branches++;
    cycles += config.taken_branch_extra;
  }
  if (previous != NULL && load_stalls(&previous->last, &block->first)) {
    tally->load_stalls++;
    cycles += config.load_use_extra;
  }
  tally->instructions += block->instructions;
  tally->load_stalls += block->load_stalls;
  tally->transfers += block->transfers;
  tally->cycles += cycles;
  hart->clock += cycles;
  for (uint32_t i = 0; i < block->used_classes; i++) {
    tally->classes[block->classes[i].class] += block->classes[i].count;
  }
}

static void on_block(unsigned int index, void *data) {
  const block_t *block = data;
  if (index >= config.harts || block->kind == BLOCK_TRAP) {
    return;
  }
  hart_t *hart = &harts[index];
  if (block->kind == BLOCK_UNCOUNTED) {
    hart->previous = NULL;
    return;
  }
  if (current_layer < EQ_LAYER_LIMIT) {
    count_block(hart, &layers[current_layer]->harts[index], block);
  }
  if (block->sets_vtype) {
    hart->vtype = block->vtype;
  }
  hart->previous = block;
}

static void on_emulated(unsigned int index, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
  (void)info;
  (void)data;
  if (!eq_in_range(config.retired, (uint32_t)address)) {
    return;
  }
  const uint32_t offset = (uint32_t)address - config.retired.start;
  block_t **block = &emulated[offset / 2];
  if (*block == NULL) {
    const uint32_t pc = config.retired_code + offset;
    *block = make_block(&pc, 1);
  }
  on_block(index, *block);
}

/* ---- Events ---- */

static void enter_layer(uint32_t layer) {
  if (current_layer < EQ_LAYER_LIMIT) {
    layers[current_layer]->cycles += harts[0].clock - layer_start;
  }
  current_layer = layer;
  layer_start = harts[0].clock;
  if (layer < EQ_LAYER_LIMIT) {
    if (layers[layer] == NULL) {
      layers[layer] = allocate(sizeof *layers[layer]);
    }
    layers[layer]->runs++;
  }
}

static void begin_fork(void) {
  harts[0].clock += config.fork;
  fork_clock = harts[0].clock;
  forks++;
}

static void end_join(void) {
  for (uint32_t i = 1; i < config.harts; i++) {
    if (harts[i].working && harts[i].clock > harts[0].clock) {
      harts[0].clock = harts[i].clock;
    }
    harts[i].working = false;
  }
  harts[0].clock += config.join;
}

static void on_mark(unsigned int index, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
  (void)info;
  (void)data;
  const uint32_t code = ((uint32_t)address - config.marks) / 4;
  if (index >= config.harts || (uint32_t)address < config.marks || code >= MARK_COUNT) {
    return;
  }
  switch (code) {
    case MARK_FORK: begin_fork(); break;
    case MARK_TASK_BEGIN:
      harts[index].clock = fork_clock;
      harts[index].working = true;
      break;
    case MARK_TASK_END: break;
    case MARK_JOIN: end_join(); break;
    default:
      if (index == 0 && code <= MARK_IDLE) {
        enter_layer(code);
      }
  }
}

/* ---- QEMU's side ---- */

/* sb zero, offset(rs1): the emulator's report */
static bool is_report(uint32_t pc) {
  uint32_t word = 0;
  return eq_elf_fetch(pc, &word) && (word & 0x01f0707fu) == 0x00000023u;
}

/* Filters for loads or stores alone are mixed up in QEMU 7.2: ask for both; the address tells. */
static void watch_memory(struct qemu_plugin_insn *insn, qemu_plugin_vcpu_mem_cb_t callback) {
  qemu_plugin_register_vcpu_mem_cb(insn, callback, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  const size_t count = qemu_plugin_tb_n_insns(tb);
  uint32_t *addresses = allocate((count + 1) * sizeof *addresses);
  for (size_t i = 0; i < count; i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    addresses[i] = (uint32_t)qemu_plugin_insn_vaddr(insn);
    if (eq_in_range(config.mark, addresses[i])) {
      watch_memory(insn, on_mark);
    } else if (emulated != NULL && eq_in_range(config.trap, addresses[i]) && is_report(addresses[i])) {
      watch_memory(insn, on_emulated);
    }
  }
  if (count > 0) {
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, make_block(addresses, count));
  }
  free(addresses);
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *data) {
  (void)id;
  (void)data;
  enter_layer(MARK_IDLE);
  (void)eq_result_write(&config, layers, forks);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv) {
  static const char key[] = "config=";
  (void)info;
  if (argc != 1 || strncmp(argv[0], key, strlen(key)) != 0) {
    fprintf(stderr, "instruction counter: the one argument is config=FILE\n");
    return -1;
  }
  if (!eq_config_read(argv[0] + strlen(key), &config) || !eq_elf_read(config.elf)) {
    return -1;
  }
  if (config.retired.end > config.retired.start) {
    emulated = allocate(((config.retired.end - config.retired.start) / 2 + 1) * sizeof *emulated);
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
  return 0;
}
