// Package query is how questions to the warehouse and their answers travel: what is asked, the formats that rows are written in, and an HTTP
// server that takes questions from other programs.
//
// An answer is written while it is read: no format keeps more of it in memory than a part of bounded size.
package query
