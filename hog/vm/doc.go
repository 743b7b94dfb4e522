// Package vm runs Hog programs: it holds the values of the language, its operators and the machine that executes loaded
// bytecode.
//
// # Values
//
// A [Value] is two words. Null, booleans and numbers live in it directly; a string is a pointer to its bytes and a
// length; arrays, tuples, dictionaries, records and functions are pointers to their object and are shared by reference,
// as the language wants. The zero Value is null.
//
// # The machine
//
// [Program] is a loaded program with its constants turned into values. A Machine has one value stack, one stack of
// frames, one stack of exception handlers and the list of captured variables that still live on the value stack. Calls
// of Hog functions never recurse in Go: a call pushes a frame, a return pops it. Library functions that take callbacks
// (arrayMap and its kin) are frames too, whose state is kept in stack slots, so that a machine can be stopped between
// any two instructions and everything it knows is in those four lists.
//
// # Chunks
//
// A run may be of more programs than one: what a program imports, and in a [Session] the inputs before. Each is a chunk
// with its own code, constants and globals. A function knows its program, so calls and returns change chunks as they
// change frames; the loop, which holds the code of one chunk, starts again then.
//
// # Suspension
//
// A call of a function that the host runs outside the machine stops the run between two instructions ([Program.Start]).
// The [Suspension] goes on with the result, or becomes a state: JSON in the reference's form, which either machine reads.
// Our instructions are not the tokens of the bytecode, and functions with callbacks lie on our stack as they do not on
// the reference's; places and slots are translated on the way out and in. What JSON cannot hold, from tuples to values
// that are reached in two ways, is kept in notes beside it. States are not trusted.
//
// # Limits
//
// Nothing in a program is trusted. Steps, wall time, memory, call depth, the length of one string and the amount printed
// are all limited ([Limits]), bytecode is checked when it is loaded, and every failure comes back as an [Error] with a
// kind. A program has no clock, no randomness and no way out but what the host put into its [Env].
package vm
