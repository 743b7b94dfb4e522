package parser_test

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/hogql"
)

type object = map[string]any

// referenceProgram gives a program the shape that the reference parser answers with.
func referenceProgram(p *ast.Program) object {
	declarations := []any{}
	for _, s := range p.Body {
		declarations = append(declarations, referenceTree(s))
	}
	return object{"node": "Program", "declarations": declarations}
}

// referenceTree gives any part of a tree the shape that the reference parser
// answers with, without fields that are null or false.
func referenceTree(v any) any {
	switch v := v.(type) {
	case ast.Node:
		return referenceTree(hogql.Of(v))
	case hogql.Node:
		return referenceNode(v)
	case hogql.List:
		out := []any{}
		for _, item := range v {
			out = append(out, referenceTree(item))
		}
		return out
	case hogql.Map:
		out := object{}
		for _, f := range v {
			out[f.Name] = referenceTree(f.Value)
		}
		return out
	case int64:
		return float64(v)
	}
	return v
}

func referenceNode(n hogql.Node) object {
	out := object{"node": n.Class}
	if n.Class == "Constant" {
		out["value"] = constant(n.Get("value"))
		return out
	}
	for _, f := range n.Fields {
		value := f.Value
		if ctes, ok := value.(hogql.Map); ok && f.Name == "ctes" {
			entries := hogql.List{}
			for _, c := range ctes {
				entries = append(entries, c.Value)
			}
			value = entries
		}
		if value != nil && value != false {
			out[f.Name] = referenceTree(value)
		}
	}
	return out
}

// constant follows the reference in writing what JSON can not hold as text.
func constant(v any) any {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f
	case float64:
		switch {
		case math.IsNaN(v):
			return "NaN"
		case math.IsInf(v, 1):
			return "Infinity"
		case math.IsInf(v, -1):
			return "-Infinity"
		}
	}
	return v
}

// tidy removes from a reference tree fields that are null or false, and reads
// numbers that are written as text because they are huge.
func tidy(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = tidy(v[i])
		}
	case map[string]any:
		if text, ok := v["value"].(string); ok && v["value_type"] == "number" {
			if strings.Contains(text, "0x") {
				text += "p0"
			}
			if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
				v["value"] = f
			}
		}
		delete(v, "value_type")
		for key, field := range v {
			isValue := key == "value" && v["node"] == "Constant"
			if !isValue && (field == nil || field == false) {
				delete(v, key)
				continue
			}
			v[key] = tidy(field)
		}
	}
	return v
}
