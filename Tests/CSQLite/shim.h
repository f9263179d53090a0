#include <sqlite3.h>

/* SQLite 3.40 has Bloom filters that tell texts apart by their lengths, whatever the collation: a join on `'e' = 'é' COLLATE NOCASE`
   finds nothing then. They are bit 0x80000 of the optimisations; Swift does not call functions of variable arguments. */
static inline void kith_sqlite_without_bloom_filters(sqlite3 *database) {
    sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, database, 0x80000);
}
