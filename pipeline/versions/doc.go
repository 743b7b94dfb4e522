// Package versions keeps every configuration that was put in force, under a number: its files as they were written, when, and what caused it.
//
// A version is one value of the project's state, compressed, so that it is there as a whole or not at all. Numbers are given by creating that
// value: of several processes that put a configuration in force at once, each gets a number of its own.
package versions
