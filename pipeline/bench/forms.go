package bench

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/url"
	"time"
)

// form is a way in which SDKs have sent batches.
type form struct {
	name, path, contentType, encoding string
	bearer                            string
	pack                              func(s *sender) ([]byte, error)
}

// What SDKs send now.
var (
	plain  = form{name: "plain", path: "/batch/", contentType: "application/json"}
	zipped = form{name: "gzip", path: "/batch/", contentType: "application/json", encoding: "gzip", pack: (*sender).zip}
)

const formType = "application/x-www-form-urlencoded"

// packedForms are gzip and what SDKs of browsers sent before. The first is what the others are compared with.
var packedForms = []form{
	zipped,
	{name: "base64", path: "/e/?compression=base64", contentType: formType, pack: func(s *sender) ([]byte, error) {
		return []byte("data=" + url.QueryEscape(base64.StdEncoding.EncodeToString(s.body))), nil
	}},
	{name: "lz-string", path: "/e/", contentType: formType, pack: func(s *sender) ([]byte, error) {
		return []byte("data=" + url.QueryEscape(string(s.lz.pack(nil, s.body))) + "&compression=lz64"), nil
	}},
}

// formEvents is how many events each form sends.
const formEvents = 90_000

// formTurns is how often each form has its turn, so that what else the machine does meets all alike.
const formTurns = 3

// forms compares capture of batches in the forms of old SDKs with that of gzip. Bodies are made before they are sent: how fast the client packs is not the
// question.
var forms = Case{
	Name: "forms", Summary: "capture of batches as old browser SDKs packed them, against gzip: events a second",
	defaults: Options{Batch: 100, Connections: 16},
	prepare:  readOnly,
	measure:  measureForms,
	after:    readLog,
}

func measureForms(ctx context.Context, s *stand) error {
	events := cmp.Or(s.Events, formEvents)
	n, took := map[string]int{}, map[string]time.Duration{}
	for turn := range formTurns {
		for _, f := range packedForms {
			s.say("%s, turn %d of %d", f.name, turn+1, formTurns)
			bodies, prepared, err := s.load.prepare(f, events/formTurns)
			if err != nil {
				return err
			}
			in, err := s.load.sendAll(ctx, f, bodies)
			if err != nil {
				return err
			}
			n[f.name], took[f.name] = n[f.name]+prepared, took[f.name]+in
		}
	}
	first := packedForms[0].name
	for _, f := range packedForms {
		s.figure(f.name, "events/s", perSecond(n[f.name], took[f.name]))
	}
	for _, f := range packedForms[1:] {
		s.figure(f.name+" against "+first, "%", 100*perSecond(n[f.name], took[f.name])/perSecond(n[first], took[first]))
	}
	return nil
}

// prepare makes the bodies of so many events.
func (l *load) prepare(f form, events int) (bodies [][]byte, n int, err error) {
	var s sender
	end := l.sent() + events
	for {
		from, to := l.take(end)
		if from == to {
			return bodies, n, nil
		}
		s.body = l.gen.appendBatch(s.body[:0], key, from, to, time.Now())
		body, err := f.pack(&s)
		if err != nil {
			return nil, n, err
		}
		bodies, n = append(bodies, append([]byte(nil), body...)), n+to-from
	}
}

// sendAll sends bodies over all connections, and returns how long that took.
func (l *load) sendAll(ctx context.Context, f form, bodies [][]byte) (time.Duration, error) {
	queue := make(chan []byte, len(bodies))
	for _, body := range bodies {
		queue <- body
	}
	close(queue)
	begin := time.Now()
	err := l.eachConnection(ctx, func(ctx context.Context) error {
		for body := range queue {
			if err := l.insist(ctx, f, body); err != nil {
				return err
			}
		}
		return nil
	})
	return time.Since(begin), err
}
