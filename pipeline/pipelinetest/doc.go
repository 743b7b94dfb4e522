// Package pipelinetest holds the contracts of package pipeline as test suites. An implementation's test calls the suite of its interface
// with a function that makes an instance. Only tests import it.
package pipelinetest
