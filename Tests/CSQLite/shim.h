#include <sqlite3.h>

/* Two optimisations of SQLite 3.40 give wrong answers, and are switched off by their bits; Swift does not call functions of variable
   arguments. Bloom filters (0x80000) tell texts apart by their lengths, whatever the collation: a join on `'e' = 'é' COLLATE NOCASE`
   finds nothing then. The flattener of queries that are sources (1) loses the partners of a left join whose columns are queries
   themselves, below a window function (world 148, query 178). */
static inline void kith_sqlite_without_wrong_optimisations(sqlite3 *database) {
    sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, database, 0x80001);
}
