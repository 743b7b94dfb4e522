package exprs

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/expr-lang/expr/file"

	"github.com/prickle-dev/prickle/pipeline"
)

// compileError gives an error of expr its place in the configuration.
func compileError(code pipeline.Code, err error) error {
	var e *file.Error
	if !errors.As(err, &e) {
		return &pipeline.ConfigError{Pos: code.Pos, Message: err.Error()}
	}
	return configError(code, e.Location, e.Message)
}

func configError(code pipeline.Code, at file.Location, message string) *pipeline.ConfigError {
	return &pipeline.ConfigError{Pos: code.At(byteOffset(code.Text, at.From)), Message: message}
}

// runError describes why an expression could not be evaluated on an event.
func runError(code pipeline.Code, err error) error {
	var e *file.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("expression: %w", err)
	}
	message := e.Message
	var wrongType *runtime.TypeAssertionError
	switch {
	case errors.As(e.Prev, &wrongType):
		message = "an operator was given a value of the wrong kind"
	case strings.Contains(message, "<nil>"):
		message += "; a property that is missing is nil, and ?? gives it a default"
	}
	if place := code.At(byteOffset(code.Text, e.From)).String(); place != "" {
		return fmt.Errorf("%s: %s", place, message)
	}
	return errors.New(message)
}

// byteOffset turns an offset in characters, which expr uses, into one in bytes.
func byteOffset(text string, characters int) int {
	for offset := range text {
		if characters == 0 {
			return offset
		}
		characters--
	}
	return len(text)
}
