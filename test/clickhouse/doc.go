// Package clickhouse starts ClickHouse for tests.
//
// The counterpart is ClickHouse's own engine (the npm package chdb) in a process of its own, behind the HTTP interface and the native
// protocol as clickhouse-go speaks them: command engine. It can be killed at any moment and started again on the same folder. What a server has
// beyond the engine (users with grants, quotas, replication) needs a server: with PRICKLE_TEST_CLICKHOUSE=clickhouse://user:password@host:9000
// the tests that only want a database use that one.
package clickhouse
