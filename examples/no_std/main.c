/* Uses the library on a machine that has an operating system too; .ci/examples runs it. */
#include <stdio.h>
#include <string.h>

#include "comptok.h"

/* Prints the text of a token. */
static void show(void *text, uint32_t id, size_t start, size_t end) {
    printf(" %u=%.*s", (unsigned)id, (int)(end - start), (const char *)text + start);
}

int main(int argc, char **argv) {
    static uint32_t ids[1024];
    static uint8_t memory[4096];
    for (int i = 1; i < argc; i++) {
        const uint8_t *text = (const uint8_t *)argv[i];
        size_t len = strlen(argv[i]);
        ptrdiff_t count = comptok_count(text, len);
        ptrdiff_t written = comptok_encode(text, len, ids, 1024, memory, sizeof memory);
        printf("%td:", count);
        for (ptrdiff_t at = 0; at < written; at++) {
            printf(" %u", (unsigned)ids[at]);
        }
        printf(" |");
        ptrdiff_t shown = comptok_tokens(text, len, show, argv[i]);
        printf("\n");
        if (count != written || shown != count || comptok_count(NULL, 0) != 0
            || (count > 0 && comptok_encode(text, len, ids, 0, NULL, 0) != -1)) {
            return 1;
        }
    }
    return 0;
}
