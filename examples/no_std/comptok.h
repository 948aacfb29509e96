/* GPT-2's tokenizer; see src/lib.rs for what each function asks of its arguments. */
#ifndef COMPTOK_H
#define COMPTOK_H

#include <stddef.h>
#include <stdint.h>

/* The number of tokens in `text`, or less than 0. */
ptrdiff_t comptok_count(const uint8_t *text, size_t len);

/* Writes the ids of `text` and returns how many there are, or less than 0. */
ptrdiff_t comptok_encode(const uint8_t *text, size_t len, uint32_t *ids, size_t ids_len,
                         uint8_t *memory, size_t memory_len);

/* Calls `each` with `context`, every id of `text`, and where its bytes begin and end. Returns how many
   there were, or less than 0. */
ptrdiff_t comptok_tokens(const uint8_t *text, size_t len,
                         void (*each)(void *context, uint32_t id, size_t start, size_t end),
                         void *context);

#endif
