package capture

import (
	"cmp"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/capture/bulk"
	"github.com/prickle-dev/prickle/pipeline/capture/posthog"
	"github.com/prickle-dev/prickle/pipeline/capture/segment"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// bulk takes records of other systems' exports. Those that are right are stored, and the answer lists the others by their lines.
func (s *Server) bulk(w http.ResponseWriter, r *http.Request) error {
	j := s.newJob(w, r)
	j.endpoint = EndpointImport
	defer j.release()
	key, err := importKey(r, j.query)
	if err != nil {
		return err
	}
	most := s.config.Limits.sizes(importSizes)
	body, err := j.readBody(most)
	if err != nil {
		return err
	}
	var batch *bulk.Batch
	err = j.decode(func() ([]byte, error) {
		batch, err = j.bulk(key, body, most)
		if err != nil {
			return nil, err
		}
		return batch.Text, nil
	})
	if err != nil {
		return err
	}
	if err := j.store(true); err != nil {
		return err
	}
	s.answerImport(w, j.scratch, batch)
	return nil
}

// bulk makes events of a body.
func (j *job) bulk(key string, body []byte, most sizes) (*bulk.Batch, error) {
	text, err := j.unzipped(body, most.text)
	if err != nil {
		return nil, err
	}
	options, err := j.importOptions()
	if err != nil {
		return nil, err
	}
	req := j.request(most)
	req.ClientIP, req.UserAgent, req.Salt = "", "", nil // whoever imports is not the visitor
	if _, ok := req.Source(key); !ok {
		return nil, wire.Unauthorized("unknown_key", "the key is not one of this server's keys")
	}
	batch, err := bulk.Read(options, text)
	if err != nil {
		return nil, err
	}
	if len(batch.Lines) == 0 {
		return nil, importRefusal(batch.Problems)
	}
	if options.Format == bulk.Segment {
		err = segment.Decode(segment.Request{Request: req, Settings: j.segmentSettings, Kind: segment.Batch, WriteKey: key, Historical: true, Stored: true}, batch.Text, j.scratch)
	} else if err = wire.CheckJSON(batch.Text); err == nil { // a CSV may hold what no store takes
		err = posthog.Decode(posthog.Request{Request: req, Key: key, Historical: true, Partly: true}, batch.Text, j.scratch)
	}
	if err != nil && len(j.scratch.Problems) > 0 {
		return nil, importRefusal(importProblems(batch, j.scratch.Problems))
	}
	return batch, err
}

// importRefusal is the refusal of a body in which no record is right.
func importRefusal(problems []wire.EventProblem) error {
	r := wire.Invalid(problems[0].Code, "line %d: %s", problems[0].Index, problems[0].Detail)
	r.Events = problems
	return r
}

// importProblems are all problems, by line.
func importProblems(batch *bulk.Batch, decoded []wire.EventProblem) []wire.EventProblem {
	all := slices.Clone(batch.Problems)
	for _, p := range decoded {
		p.Index = batch.Lines[p.Index]
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b wire.EventProblem) int { return cmp.Compare(a.Index, b.Index) })
	return all
}

// rejectedLine is what the answer says of a record that was not stored.
type rejectedLine struct {
	Line   int    `json:"line"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (s *Server) answerImport(w http.ResponseWriter, scratch *wire.Scratch, batch *bulk.Batch) {
	rejected := []rejectedLine{}
	for _, p := range importProblems(batch, scratch.Problems) {
		s.stats.reject(p.Code)
		rejected = append(rejected, rejectedLine{p.Index, p.Code, p.Detail})
	}
	body, _ := json.Marshal(struct { // strings and numbers always marshal
		Accepted int            `json:"accepted"`
		Rejected []rejectedLine `json:"rejected"`
	}{len(scratch.Events), rejected})
	writeJSON(w, http.StatusOK, body)
}

// importKey is the key of an import: a bearer token, the user name of basic authentication, or the query's api_key.
func importKey(r *http.Request, query url.Values) (string, error) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return strings.TrimSpace(token), nil
	}
	key, err := writeKey(r)
	if key = cmp.Or(key, query.Get("api_key")); err == nil && key == "" {
		return "", wire.Unauthorized("missing_key", "no key: send it as a bearer token, as the user name of basic authentication, or as api_key of the query")
	}
	return key, err
}

// importOptions reads the query. Without a format, the content type says whether it is CSV.
func (j *job) importOptions() (bulk.Options, error) {
	limits := j.server.config.Limits
	o := bulk.Options{Format: j.query.Get("format"), MaxRecords: limits.sizes(importSizes).events, MaxBytes: 2 * int(limits.Body), MaxRecord: int(limits.Event), Columns: map[string]string{}}
	if o.Format == "" {
		o.Format = bulk.Events
		if kind, _, _ := mime.ParseMediaType(j.r.Header.Get("Content-Type")); kind == "text/csv" {
			o.Format = bulk.CSV
		}
	}
	if line := j.query.Get("line"); line != "" {
		n, err := strconv.Atoi(line)
		if err != nil || n < 1 {
			return o, wire.Invalid("invalid_line", "line: want a number from 1")
		}
		o.Line = n
	}
	for name, values := range j.query {
		if field, ok := strings.CutPrefix(name, "column."); ok {
			o.Columns[field] = values[0]
		}
	}
	return o, nil
}
