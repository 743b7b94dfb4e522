package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
)

// nativeRevision is the newest revision of the native protocol that is spoken here, the one that clickhouse-go has.
const nativeRevision = 54460

// nativeServer speaks ClickHouse's native protocol. Every query has a session of its own, so that SET, USE and temporary tables end with it, which
// on a server they do with the connection.
type nativeServer struct {
	*gateway
	mu   sync.Mutex
	open map[net.Conn]bool // nil when no more are taken
	wg   sync.WaitGroup
}

func newNativeServer(g *gateway) *nativeServer {
	return &nativeServer{gateway: g, open: map[net.Conn]bool{}}
}

// Serve takes connections until the listener is closed.
func (n *nativeServer) Serve(l net.Listener) error {
	for {
		socket, err := l.Accept()
		if err != nil {
			return err
		}
		if !n.enter(socket) {
			_ = socket.Close()
			continue
		}
		n.wg.Go(func() {
			defer n.leave(socket)
			c := &nativeConn{nativeServer: n, socket: socket, in: proto.NewReader(socket), ahead: make(chan packet, 1)}
			if err := c.serve(); err != nil && !isGone(err) {
				fmt.Fprintln(os.Stderr, "engine: native protocol:", err)
			}
		})
	}
}

// Shutdown closes the connections, and waits until what they do is done.
func (n *nativeServer) Shutdown(ctx context.Context) error {
	n.mu.Lock()
	for socket := range n.open {
		_ = socket.Close()
	}
	n.open = nil
	n.mu.Unlock()
	done := make(chan struct{})
	go func() {
		n.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *nativeServer) enter(socket net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open == nil {
		return false
	}
	n.open[socket] = true
	return true
}

func (n *nativeServer) leave(socket net.Conn) {
	_ = socket.Close()
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.open, socket)
}

// isGone reports whether a connection ended, which is its client's concern.
func isGone(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &op)
}

// nativeConn is one connection. What a client sends while a query runs is read ahead, as far as the code of the next packet.
type nativeConn struct {
	*nativeServer
	socket   net.Conn
	in       *proto.Reader
	out      proto.Buffer
	revision int
	database string
	packer   *compress.Writer // nil when the client wants no compression

	ahead   chan packet
	reading bool
}

// packet is the code of one, or why none came.
type packet struct {
	code proto.ClientCode
	err  error
}

func (c *nativeConn) readAhead() {
	if c.reading {
		return
	}
	c.reading = true
	go func() {
		b, err := c.in.ReadByte()
		c.ahead <- packet{proto.ClientCode(b), err}
	}()
}

func (c *nativeConn) next() (proto.ClientCode, error) {
	c.readAhead()
	p := <-c.ahead
	c.reading = false
	return p.code, p.err
}

// cancelled reports, without waiting, whether the client wants nothing more of a query, or has gone.
func (c *nativeConn) cancelled() (bool, error) {
	select {
	case p := <-c.ahead:
		if p.err == nil && p.code != proto.ClientCodeCancel {
			c.ahead <- p // the next query, sent before this one is answered
			return false, nil
		}
		c.reading = false
		return true, p.err
	default:
		return false, nil
	}
}

func (c *nativeConn) send() error {
	defer c.out.Reset()
	_, err := c.socket.Write(c.out.Buf)
	return err
}

func (c *nativeConn) serve() error {
	if greeted, err := c.greet(); !greeted || err != nil {
		return err
	}
	for {
		code, err := c.next()
		if err != nil {
			return err
		}
		switch code {
		case proto.ClientCodePing:
			proto.ServerCodePong.Encode(&c.out)
			err = c.send()
		case proto.ClientCodeQuery:
			err = c.query()
		case proto.ClientCodeCancel: // it came when the query was answered already
		case proto.ClientCodeData: // the rest of an insert that was refused
			_, _, err = c.data(&proto.Buffer{})
		default:
			return fmt.Errorf("a packet with the code %d", code)
		}
		if err != nil {
			return err
		}
	}
}

// greet answers the client's hello. It reports false when the client may not go on.
func (c *nativeConn) greet() (bool, error) {
	code, err := c.next()
	switch {
	case err != nil:
		return false, err
	case code == 'G' || code == 'P':
		_, err := io.WriteString(c.socket, "HTTP/1.0 400 Bad Request\r\n\r\nPort 9000 is for clickhouse-client program\r\nYou must use port 8123 for HTTP.\r\n")
		return false, err
	case code != proto.ClientCodeHello:
		return false, c.exception(errors.New("Code: 101. DB::Exception: Unexpected packet from client. (UNEXPECTED_PACKET_FROM_CLIENT)")) //nolint:staticcheck // as the server words it
	}
	var hello proto.ClientHello
	if err := hello.Decode(c.in); err != nil {
		return false, err
	}
	c.revision, c.database = min(nativeRevision, hello.ProtocolVersion), hello.Database
	if err := c.admit(hello.User, hello.Password); err != nil {
		return false, c.exception(err)
	}
	if err := c.introduce(); err != nil {
		return false, err
	}
	if proto.FeatureAddendum.In(c.revision) {
		if _, err := c.in.Str(); err != nil { // the quota's key
			return false, err
		}
	}
	// A server notices only now that there is no such database.
	if err := c.withSession(func(s *session) error { return prepare(s, c.database, nil) }); err != nil {
		return false, c.exception(err)
	}
	return true, nil
}

func (c *nativeConn) introduce() error {
	return c.withSession(func(s *session) error {
		rows, err := s.table("SELECT version(), timezone(), displayName()")
		if err != nil {
			return err
		}
		row := rows[len(rows)-1]
		if c.version != "" {
			row[0] = c.version
		}
		numbers := append(strings.Split(row[0], "."), "0", "0", "0")
		hello := proto.ServerHello{Name: "ClickHouse", Revision: nativeRevision, Timezone: row[1], DisplayName: row[2]}
		for i, n := range []*int{&hello.Major, &hello.Minor, &hello.Patch} {
			if *n, err = strconv.Atoi(numbers[i]); err != nil {
				return err
			}
		}
		hello.EncodeAware(&c.out, c.revision)
		return c.send()
	})
}

func (c *nativeConn) withSession(do func(*session) error) error {
	s, err := c.library.open(c.dir)
	if err != nil {
		return err
	}
	defer s.close()
	return do(s)
}

// exception tells the client of an error of the engine.
func (c *nativeConn) exception(err error) error {
	code, message := exceptionParts(err)
	proto.ServerCodeException.Encode(&c.out)
	e := proto.Exception{Code: proto.Error(code), Name: "DB::Exception", Message: message}
	e.EncodeAware(&c.out, c.revision)
	return c.send()
}
