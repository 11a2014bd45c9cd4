/* Checkpoints in two slots of non-volatile memory: a power cut at any byte leaves the newer or the older one.
 *
 * A slot holds a header of EQ_CHECKPOINT_HEADER_BYTES and the data behind it. Saving erases the slot that does not hold the
 * newest whole checkpoint, writes the data, and the header last; the header's CRC-32 (IEEE 802.3) covers its own fields and
 * the data, so that a slot is whole or is none, whatever was cut. Integers are little endian.
 *
 *   0 magic "EQCK"   4 ABI   8 sequence number   12 bytes of data   16 network (32 bytes)   48 CRC-32   52 zeros to 64 */
#ifndef EQ_CHECKPOINT_H
#define EQ_CHECKPOINT_H

#include "eq_types.h"

#define EQ_CHECKPOINT_HEADER_BYTES 64u
/* Bytes of a slot for so many bytes of data. */
#define EQ_CHECKPOINT_BYTES(data) ((data) + EQ_CHECKPOINT_HEADER_BYTES)
#define EQ_CHECKPOINT_SLOTS 2u

/* The memory, as the application drives it. Every function returns EQ_OK or another status, which ends the operation as
 * EQ_ERROR_STORAGE. `erase` makes all of a slot writable; each byte is written at most once after it, in pieces of multiples
 * of 16 bytes at multiples of 16. `slot_bytes`: of each slot. */
typedef struct {
  void *context;
  uint32_t slot_bytes;
  eq_status_t (*erase)(void *context, uint32_t slot);
  eq_status_t (*write)(void *context, uint32_t slot, uint32_t offset, const void *data, uint32_t bytes);
  eq_status_t (*read)(void *context, uint32_t slot, uint32_t offset, void *data, uint32_t bytes);
} eq_storage_t;

/* What checkpoints are told by: those of another network (SHA-256 of what is trained) or ABI are none. */
typedef struct {
  uint8_t network[32];
  uint32_t abi;
} eq_checkpoint_identity_t;

/* Memory that is saved; `bytes` a multiple of 16. A checkpoint may end before the last parts. */
typedef struct {
  void *data;
  uint32_t bytes;
} eq_checkpoint_part_t;

/* Returns EQ_OK, EQ_ERROR_ARGUMENT (also for slots that are too small) or EQ_ERROR_STORAGE. */
eq_status_t eq_checkpoint_save(const eq_storage_t *storage, const eq_checkpoint_identity_t *identity,
                               const eq_checkpoint_part_t *parts, uint32_t count);

/* Reads the newest whole checkpoint into the parts; its data must be the first of them, or the first ones together. Nothing
 * is changed unless the checkpoint was read whole once before. Returns EQ_OK, EQ_ERROR_ARGUMENT, EQ_ERROR_STORAGE, or
 * EQ_ERROR_CHECKPOINT where there is none. */
eq_status_t eq_checkpoint_load(const eq_storage_t *storage, const eq_checkpoint_identity_t *identity,
                               const eq_checkpoint_part_t *parts, uint32_t count);

#endif
