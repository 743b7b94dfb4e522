// Package postgres gives tests a real Postgres: Debian's, started in a temporary folder, one server for each test binary and a database for each
// test. PRICKLE_TEST_POSTGRES=postgres://… names a server to use instead; its user must be allowed to make databases.
//
// A package that uses Shared calls Stop at the end of its TestMain.
package postgres
