package duckdb

// #include <malloc.h>
// #include <sys/types.h>
//
// // jemalloc's, which the library has for blocks and vectors where it was built with it.
// extern int duckdb_je_mallctl(const char *name, void *old, size_t *old_size, void *value, size_t size) __attribute__((weak));
//
// static void keep_freed(ssize_t ms) {
// 	if (duckdb_je_mallctl) {
// 		duckdb_je_mallctl("arenas.dirty_decay_ms", 0, 0, &ms, sizeof ms);      // those to come
// 		duckdb_je_mallctl("arena.4096.dirty_decay_ms", 0, 0, &ms, sizeof ms); // all that there are
// 	}
// }
//
// static void one_arena(void) {
// #ifdef __GLIBC__
// 	mallopt(M_ARENA_MAX, 1);
// #endif
// }
//
// static void trim(void) {
// #ifdef __GLIBC__
// 	malloc_trim(0);
// #endif
// }
import "C"

import (
	"os"
	"strings"
	"time"
)

// keepFreed is how long jemalloc keeps pages for what DuckDB asks for next, which is jemalloc's own default. DuckDB makes it a second: between the writes of
// a busy warehouse, pages would go to the system and come back, zeroed, one fault at a time.
const keepFreed = 10 * time.Second

// allocators sets DuckDB's up, before it is opened. For what is not jemalloc's, glibc has an arena for each of the first dozen threads or so, and a call into
// C is made on whatever thread is free: hundreds of megabytes, in which DuckDB has freed what it asks another arena for next. One writer does most of the
// work, so that nobody waits for the only arena. The variables of the environment that both libraries read override this.
func allocators() {
	if os.Getenv("MALLOC_ARENA_MAX") == "" && !strings.Contains(os.Getenv("GLIBC_TUNABLES"), "glibc.malloc.arena_max") {
		C.one_arena()
	}
	if os.Getenv("DUCKDB_JE_MALLOC_CONF") == "" {
		C.keep_freed(C.ssize_t(keepFreed.Milliseconds()))
	}
}

// trim gives back to the system what DuckDB has freed. Its blocks come and go in an order that leaves glibc with pieces, which it keeps otherwise.
func trim() { C.trim() }
