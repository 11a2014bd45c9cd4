/* Checkpoints in two slots. The header states the format and the order of writes. */
#include "eq_checkpoint.h"

#include "eq_memory.h"

#define MAGIC 0x4b435145u /* "EQCK" */
enum { AT_MAGIC = 0, AT_ABI = 4, AT_SEQUENCE = 8, AT_BYTES = 12, AT_NETWORK = 16, AT_CRC = 48, PIECE = 64 };

typedef struct {
  uint8_t bytes[EQ_CHECKPOINT_HEADER_BYTES];
} header_t;

/* CRC-32 of IEEE 802.3, reflected, four bits at a time. */
static uint32_t crc32(uint32_t crc, const uint8_t *data, uint32_t bytes) {
  static const uint32_t table[16] = {0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u,
                                     0x4db26158u, 0x5005713cu, 0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu,
                                     0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu};
  for (; bytes > 0u; bytes--) {
    crc ^= *data++;
    crc = (crc >> 4) ^ table[crc & 15u];
    crc = (crc >> 4) ^ table[crc & 15u];
  }
  return crc;
}

static void put(header_t *header, uint32_t at, uint32_t value) {
  for (uint32_t i = 0u; i < 4u; i++) {
    header->bytes[at + i] = (uint8_t)(value >> (8u * i));
  }
}

static uint32_t get(const header_t *header, uint32_t at) {
  uint32_t value = 0u;
  for (uint32_t i = 0u; i < 4u; i++) {
    value |= (uint32_t)header->bytes[at + i] << (8u * i);
  }
  return value;
}

/* Of the header's fields before the CRC; the data's follows on. */
static uint32_t begun(const header_t *header) { return crc32(0xffffffffu, header->bytes, AT_CRC); }

static int32_t usable(const eq_storage_t *storage, const eq_checkpoint_identity_t *identity,
                      const eq_checkpoint_part_t *parts) {
  return storage != NULL && storage->erase != NULL && storage->write != NULL && storage->read != NULL && identity != NULL &&
         parts != NULL;
}

/* Reads a slot's header and all of its data: EQ_OK if both are whole and the network's own, EQ_ERROR_CHECKPOINT if not. */
static eq_status_t inspect(const eq_storage_t *storage, const eq_checkpoint_identity_t *identity, uint32_t slot,
                           header_t *header) {
  if (storage->read(storage->context, slot, 0u, header->bytes, sizeof header->bytes) != EQ_OK) {
    return EQ_ERROR_STORAGE;
  }
  const uint32_t bytes = get(header, AT_BYTES);
  if (get(header, AT_MAGIC) != MAGIC || get(header, AT_ABI) != identity->abi ||
      bytes > storage->slot_bytes - EQ_CHECKPOINT_HEADER_BYTES) {
    return EQ_ERROR_CHECKPOINT;
  }
  for (uint32_t i = 0u; i < sizeof identity->network; i++) {
    if (header->bytes[AT_NETWORK + i] != identity->network[i]) {
      return EQ_ERROR_CHECKPOINT;
    }
  }
  uint32_t crc = begun(header);
  for (uint32_t at = 0u; at < bytes;) {
    uint8_t piece[PIECE];
    const uint32_t length = bytes - at < PIECE ? bytes - at : PIECE;
    if (storage->read(storage->context, slot, EQ_CHECKPOINT_HEADER_BYTES + at, piece, length) != EQ_OK) {
      return EQ_ERROR_STORAGE;
    }
    crc = crc32(crc, piece, length);
    at += length;
  }
  return (crc ^ 0xffffffffu) == get(header, AT_CRC) ? EQ_OK : EQ_ERROR_CHECKPOINT;
}

/* The slot with the newest whole checkpoint and its header. Sequence numbers may wrap: the newer one is ahead by less than
 * half of their range. */
static eq_status_t newest(const eq_storage_t *storage, const eq_checkpoint_identity_t *identity, uint32_t *slot,
                          header_t *header) {
  eq_status_t found = EQ_ERROR_CHECKPOINT;
  for (uint32_t i = 0u; i < EQ_CHECKPOINT_SLOTS; i++) {
    header_t candidate;
    const eq_status_t status = inspect(storage, identity, i, &candidate);
    if (status == EQ_ERROR_STORAGE) {
      return status;
    }
    const uint32_t ahead = found == EQ_OK ? get(&candidate, AT_SEQUENCE) - get(header, AT_SEQUENCE) : 1u;
    if (status == EQ_OK && ahead != 0u && ahead < 0x80000000u) {
      *slot = i;
      *header = candidate;
      found = EQ_OK;
    }
  }
  return found;
}

eq_status_t eq_checkpoint_save(const eq_storage_t *storage, const eq_checkpoint_identity_t *identity,
                               const eq_checkpoint_part_t *parts, uint32_t count) {
  if (!usable(storage, identity, parts) || storage->slot_bytes < EQ_CHECKPOINT_HEADER_BYTES) {
    return EQ_ERROR_ARGUMENT;
  }
  uint32_t bytes = 0u;
  for (uint32_t i = 0u; i < count; i++) {
    if (parts[i].bytes > storage->slot_bytes - EQ_CHECKPOINT_HEADER_BYTES - bytes) {
      return EQ_ERROR_ARGUMENT;
    }
    bytes += parts[i].bytes;
  }
  uint32_t slot = EQ_CHECKPOINT_SLOTS - 1u, sequence = 0u;
  header_t header;
  const eq_status_t found = newest(storage, identity, &slot, &header);
  if (found == EQ_ERROR_STORAGE) {
    return found;
  }
  if (found == EQ_OK) {
    sequence = get(&header, AT_SEQUENCE) + 1u;
  }
  slot = (slot + 1u) % EQ_CHECKPOINT_SLOTS;
  memset(&header, 0, sizeof header);
  put(&header, AT_MAGIC, MAGIC);
  put(&header, AT_ABI, identity->abi);
  put(&header, AT_SEQUENCE, sequence);
  put(&header, AT_BYTES, bytes);
  memcpy(header.bytes + AT_NETWORK, identity->network, sizeof identity->network);
  uint32_t crc = begun(&header), at = EQ_CHECKPOINT_HEADER_BYTES;
  if (storage->erase(storage->context, slot) != EQ_OK) {
    return EQ_ERROR_STORAGE;
  }
  for (uint32_t i = 0u; i < count; i++) {
    if (parts[i].bytes > 0u) {
      crc = crc32(crc, parts[i].data, parts[i].bytes);
      if (storage->write(storage->context, slot, at, parts[i].data, parts[i].bytes) != EQ_OK) {
        return EQ_ERROR_STORAGE;
      }
      at += parts[i].bytes;
    }
  }
  put(&header, AT_CRC, crc ^ 0xffffffffu);
  return storage->write(storage->context, slot, 0u, header.bytes, sizeof header.bytes) == EQ_OK ? EQ_OK : EQ_ERROR_STORAGE;
}

eq_status_t eq_checkpoint_load(const eq_storage_t *storage, const eq_checkpoint_identity_t *identity,
                               const eq_checkpoint_part_t *parts, uint32_t count) {
  if (!usable(storage, identity, parts) || storage->slot_bytes < EQ_CHECKPOINT_HEADER_BYTES) {
    return EQ_ERROR_ARGUMENT;
  }
  uint32_t slot = 0u;
  header_t header;
  const eq_status_t found = newest(storage, identity, &slot, &header);
  if (found != EQ_OK) {
    return found;
  }
  const uint32_t bytes = get(&header, AT_BYTES);
  uint32_t whole = 0u, used = 0u;
  while (used < count && whole < bytes) {
    whole += parts[used++].bytes;
  }
  if (whole != bytes) {
    return EQ_ERROR_CHECKPOINT;
  }
  uint32_t at = EQ_CHECKPOINT_HEADER_BYTES;
  for (uint32_t i = 0u; i < used; i++) {
    if (parts[i].bytes > 0u &&
        storage->read(storage->context, slot, at, parts[i].data, parts[i].bytes) != EQ_OK) {
      return EQ_ERROR_STORAGE;
    }
    at += parts[i].bytes;
  }
  return EQ_OK;
}
