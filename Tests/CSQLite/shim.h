#include <sqlite3.h>

/* Bloom filters take the lengths of texts into their hashes, and so lose rows whose texts are equal under a collation of ours but
   differ in length (seen in 3.40.1). The bit is SQLITE_BloomFilter of sqliteInt.h. */
static inline void csqlite_disable_bloom_filters(sqlite3 *database) {
    sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, database, 0x00080000);
}
