package duckdb

// #include <malloc.h>
//
// static void trim(void) {
// #ifdef __GLIBC__
// 	malloc_trim(0);
// #endif
// }
import "C"

// trim gives back to the system what DuckDB has freed. Its blocks come and go in an order that leaves glibc with hundreds of megabytes in pieces, which
// it keeps otherwise.
func trim() { C.trim() }
