package capture

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/capture/segment"
)

// blank is a GIF of one transparent pixel.
const blank = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01D\x00;"

// pixel takes a message of RudderStack's whose fields are in the query. It answers with an image whatever becomes of the message: nobody would
// read anything else (spec 8.5).
func (s *Server) pixel(kind string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		j := s.newJob(w, r)
		j.endpoint = EndpointSegment
		defer j.release()
		if err := j.pixel(kind); err != nil {
			refusal, _ := s.refusal(err)
			s.stats.refuse(refusal.Code)
			for _, p := range refusal.Events {
				s.stats.reject(p.Code)
			}
		}
		w.Header().Set("Content-Type", "image/gif")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(blank)) // the client is gone; there is nobody to tell
		return nil
	}
}

func (j *job) pixel(kind string) error {
	if err := j.admit(0); err != nil {
		return err
	}
	j.outlast()
	req := segment.Request{Request: j.request(j.server.config.Limits.sizes(segmentSizes)), Settings: j.segmentSettings, Kind: kind, WriteKey: j.query.Get("writeKey")}
	err := j.decode(func() ([]byte, error) {
		text := queryMessage(j.query)
		return text, segment.Decode(req, text, j.scratch)
	})
	if err != nil {
		return err
	}
	return j.store(false)
}

// deepest is how many levels a parameter's name may have.
const deepest = 8

// queryMessage makes JSON of query parameters: properties.plan=pro is {"properties":{"plan":"pro"}}. A parameter that contradicts another, as
// properties=x would, is left out.
func queryMessage(query url.Values) []byte {
	message := object{}
	for name, values := range query {
		path := strings.Split(name, ".")
		if len(path) > deepest {
			continue
		}
		in := message
		for _, key := range path[:len(path)-1] {
			next, ok := in[key].(object)
			if !ok {
				next = object{}
				in[key] = next
			}
			in = next
		}
		last := path[len(path)-1]
		if _, taken := in[last]; !taken {
			in[last] = values[0]
		}
	}
	text, _ := json.Marshal(message) // strings always marshal
	return text
}
