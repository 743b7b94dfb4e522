package duckdb

// #include <malloc.h>
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

import "os"

// oneArena is called before DuckDB is. A call into C is made on whatever thread is free, and glibc has an arena of its own for each of the first dozen or so:
// hundreds of megabytes, in which DuckDB has freed what it asks another of them for next. One writer does most of the work, so that nobody waits for
// the arena. MALLOC_ARENA_MAX in the environment overrides it.
func oneArena() {
	if os.Getenv("MALLOC_ARENA_MAX") == "" {
		C.one_arena()
	}
}

// trim gives back to the system what DuckDB has freed. Its blocks come and go in an order that leaves glibc with pieces, which it keeps otherwise.
func trim() { C.trim() }
