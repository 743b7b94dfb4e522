package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/query"
)

// mostParams is more than anybody writes on a command line.
const mostParams = 1000

// parseParams makes the parameters of a statement out of the values of --param: all of them bare and in order, or all of them with their numbers.
func parseParams(texts []string) (query.Params, error) {
	var params query.Params
	given := map[int]bool{}
	for i, text := range texts {
		n, value, numbered := numberedParam(text)
		if numbered != (len(given) > 0) && i > 0 {
			return nil, fmt.Errorf("--param %q: give all parameters their numbers (1=value), or none", text)
		}
		if !numbered {
			params = append(params, query.Param(text))
			continue
		}
		if n < 1 || n > mostParams || given[n] {
			return nil, fmt.Errorf("--param %q: want a number from 1 to %d, each once", text, mostParams)
		}
		given[n] = true
		for len(params) < n {
			params = append(params, nil)
		}
		params[n-1] = query.Param(value)
	}
	if len(given) > 0 && len(given) < len(params) {
		return nil, fmt.Errorf("--param: %d values for %d parameters: give all of them", len(given), len(params))
	}
	return params, nil
}

// numberedParam takes "2=value" apart.
func numberedParam(text string) (n int, value string, ok bool) {
	number, value, found := strings.Cut(text, "=")
	if !found || number == "" || strings.Trim(number, "0123456789") != "" {
		return 0, "", false
	}
	n, err := strconv.Atoi(number)
	return n, value, err == nil
}
