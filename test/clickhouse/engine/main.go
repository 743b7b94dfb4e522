// Command engine is ClickHouse for tests: the engine as a library (libchdb.so of the npm package chdb) behind the parts of ClickHouse's HTTP
// interface and native protocol that clickhouse-go uses. The library has no users, quotas or replication, and unlike a server it takes several
// statements in one query.
//
//	engine -lib PATH/libchdb.so -data DIR -listen 127.0.0.1:0 -native 127.0.0.1:0
//
// It prints "listening HTTP-ADDRESS NATIVE-ADDRESS" when it is ready, and ends when its standard input does, so that it cannot outlive the test that started it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	lib := flag.String("lib", "", "the library")
	data := flag.String("data", "", "the folder of the data, made when it does not exist")
	listen := flag.String("listen", "127.0.0.1:0", "the address of the HTTP interface")
	native := flag.String("native", "127.0.0.1:0", "the address of the native protocol")
	g := &gateway{}
	flag.StringVar(&g.user, "user", "default", "the only user")
	flag.StringVar(&g.password, "password", "", "the user's password")
	flag.StringVar(&g.version, "version", "", "the version that clients are told, in place of the engine's own")
	flag.Int64Var(&g.dieAfter, "die-after-insert", 0, "kill this process after so many inserts, when the last is stored and before it is answered")
	flag.Parse()
	if err := run(g, *lib, *data, *listen, *native); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

func run(g *gateway, lib, data, listen, native string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	var err error
	if g.library, err = loadLibrary(lib); err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	g.dir = data
	anchor, err := g.library.open(data) // the engine lives as long as one session does
	if err != nil {
		return err
	}
	defer anchor.close()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	defer l.Close()
	n, err := net.Listen("tcp", native)
	if err != nil {
		return err
	}
	defer n.Close()
	server, natives := &http.Server{Handler: g, ReadHeaderTimeout: 10 * time.Second}, newNativeServer(g)
	served := make(chan error, 2)
	go func() { served <- server.Serve(l) }()
	go func() { served <- natives.Serve(n) }()
	fmt.Println("listening", l.Addr(), n.Addr())
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(server.Shutdown(patience), natives.Shutdown(patience))
}
