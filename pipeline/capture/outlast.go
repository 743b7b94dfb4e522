package capture

import "context"

// serving is the key under which the contexts of requests hold the one that ends with the server.
type serving struct{}

// outlasting is the context of a request whose body is complete. It has the request's values and ends with the server, but not with the client: net/http
// takes one that sends no more for one that is gone, while it may well wait for its answer, and its events are to be stored either way.
type outlasting struct {
	context.Context // the server's

	request context.Context
}

// Value is the server's, so that the context package finds what ends this one, else the request's.
func (o outlasting) Value(key any) any {
	if v := o.Context.Value(key); v != nil {
		return v
	}
	return o.request.Value(key)
}

// outlast is called when nothing more is read from the client.
func (j *job) outlast() {
	server, ok := j.ctx.Value(serving{}).(context.Context)
	if !ok {
		server = context.Background()
	}
	j.ctx = outlasting{server, j.ctx}
}
