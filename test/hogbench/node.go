package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// node is a process that runs bytecode on PostHog's machine. It times runs itself, so that nothing between the processes counts.
type node struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
	version string // of Node and of the package
}

type nodeRequest struct {
	Bytecode json.RawMessage `json:"bytecode"`
	Millis   int64           `json:"millis"`
}

type nodeAnswer struct {
	Result string  `json:"result"`
	Nanos  float64 `json:"nanos"`
	Error  string  `json:"error"`
}

func startNode(modules string) (*node, error) {
	cmd := exec.Command("node", "reference.js", modules)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	n := &node{cmd: cmd, in: in, out: bufio.NewScanner(out)}
	if !n.out.Scan() {
		n.stop()
		return nil, errors.New("node: no @posthog/hogvm; run `make tools`")
	}
	n.version = n.out.Text()
	return n, nil
}

func (n *node) stop() {
	_ = n.in.Close() // which asks it to end
	_ = n.cmd.Wait()
}

// run runs bytecode again and again for a while, once for no time at all. It returns the result and the time of the fastest run.
func (n *node) run(bytecode []byte, during time.Duration) (string, time.Duration, error) {
	request, err := json.Marshal(nodeRequest{Bytecode: bytecode, Millis: during.Milliseconds()})
	if err != nil {
		return "", 0, err
	}
	if _, err := n.in.Write(append(request, '\n')); err != nil {
		return "", 0, err
	}
	if !n.out.Scan() {
		return "", 0, fmt.Errorf("node: no answer: %w", errors.Join(n.out.Err(), io.ErrUnexpectedEOF))
	}
	var answer nodeAnswer
	if err := json.Unmarshal(n.out.Bytes(), &answer); err != nil {
		return "", 0, err
	}
	if answer.Error != "" {
		return "", 0, errors.New("@posthog/hogvm: " + answer.Error)
	}
	return answer.Result, time.Duration(answer.Nanos), nil
}
