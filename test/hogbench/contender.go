package main

import (
	"context"
	"errors"
	"strings"

	"github.com/d5/tengo/v2"
	"github.com/dop251/goja"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/prickle-dev/prickle/hog"
)

// runner is a program that is compiled and ready. It returns its result as text, in the same form in every language.
type runner func() (string, error)

// language compiles a program.
type language struct {
	name, module, extension string
	load                    func(text string) (runner, error)
}

// languages are the ones written in Go that Hog is compared with.
var languages = []language{
	{"gopher-lua", "github.com/yuin/gopher-lua", "lua", loadLua},
	{"tengo", "github.com/d5/tengo/v2", "tengo", loadTengo},
	{"goja", "github.com/dop251/goja", "js", loadGoja},
	{"starlark-go", "go.starlark.net", "star", loadStarlark},
}

func loadHog(text string) (runner, error) {
	program, err := hog.Compile("bench.hog", text)
	if err != nil {
		return nil, err
	}
	return func() (string, error) {
		v, err := program.Run(context.Background(), hog.Env{})
		return v.String(), err
	}, nil
}

func loadLua(text string) (runner, error) {
	chunk, err := parse.Parse(strings.NewReader(text), "bench.lua")
	if err != nil {
		return nil, err
	}
	proto, err := lua.Compile(chunk, "bench.lua")
	if err != nil {
		return nil, err
	}
	state := lua.NewState()
	return func() (string, error) {
		state.Push(state.NewFunctionFromProto(proto))
		if err := state.PCall(0, 1, nil); err != nil {
			return "", err
		}
		result := state.Get(-1)
		state.Pop(1)
		return result.String(), nil
	}, nil
}

func loadTengo(text string) (runner, error) {
	compiled, err := tengo.NewScript([]byte(text)).Compile()
	if err != nil {
		return nil, err
	}
	return func() (string, error) {
		if err := compiled.Run(); err != nil {
			return "", err
		}
		return compiled.Get("result").String(), nil
	}, nil
}

func loadGoja(text string) (runner, error) {
	program, err := goja.Compile("bench.js", text, true)
	if err != nil {
		return nil, err
	}
	runtime := goja.New()
	return func() (string, error) {
		v, err := runtime.RunProgram(program)
		if err != nil {
			return "", err
		}
		return v.String(), nil
	}, nil
}

func loadStarlark(text string) (runner, error) {
	options := &syntax.FileOptions{While: true, Recursion: true}
	globals, err := starlark.ExecFileOptions(options, &starlark.Thread{}, "bench.star", text, nil)
	if err != nil {
		return nil, err
	}
	main, ok := globals["main"]
	if !ok {
		return nil, errors.New("bench.star: no function main")
	}
	thread := &starlark.Thread{}
	return func() (string, error) {
		v, err := starlark.Call(thread, main, nil, nil)
		if err != nil {
			return "", err
		}
		return v.String(), nil
	}, nil
}
