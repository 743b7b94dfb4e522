package hogs

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"time"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Reply is what a Handler made of a request.
type Reply struct {
	// Events are JSON objects with what the program gave, in the order in which it did.
	Events [][]byte
	// Answer is nil when the program gave none.
	Answer *Answer
}

// Answer is an HTTP response.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
}

// The most that one run may give.
const (
	maxCaptures     = 10_000
	maxCaptureBytes = 32 << 20
	maxAnswerBytes  = 1 << 20
)

// captures collects the events of one run.
type captures struct {
	events [][]byte
	bytes  int
}

// call is the function postHogCapture.
func (c *captures) call(_ context.Context, args []hog.Value) (hog.Value, error) {
	if len(args) != 1 {
		return hog.Null(), fmt.Errorf("%s: want one object, with event, distinct_id and properties", captureFunction)
	}
	if err := c.add(args[0]); err != nil {
		return hog.Null(), fmt.Errorf("%s: %w", captureFunction, err)
	}
	return hog.Null(), nil
}

func (c *captures) add(v hog.Value) error {
	d, ok := v.AsDict()
	if !ok {
		return fmt.Errorf("want an object with event, distinct_id and properties, got %s", v.Kind())
	}
	if _, ok := textOf(d, "event"); !ok {
		return errors.New("want the event's name, a text, as event")
	}
	raw, err := v.AppendJSON(nil)
	if err != nil {
		return err
	}
	at, _ := d.GetString("timestamp")
	if t, ok := at.AsDateTime(); ok && !math.IsNaN(t.Epoch) {
		text := time.UnixMilli(int64(math.Round(t.Epoch * 1000))).UTC().Format(pipeline.TimeFormat)
		raw = rawjson.Set(raw, "timestamp", rawjson.AppendString(nil, text))
	}
	c.events, c.bytes = append(c.events, raw), c.bytes+len(raw)
	switch {
	case len(c.events) > maxCaptures:
		return fmt.Errorf("more than %d events of one request", maxCaptures)
	case c.bytes > maxCaptureBytes:
		return fmt.Errorf("more than %d bytes of events of one request", maxCaptureBytes)
	}
	return nil
}

// replyOf reads a program's result.
func replyOf(v hog.Value, c *captures) (Reply, error) {
	if b, ok := v.AsBool(); v.IsNull() || ok && !b {
		return Reply{Events: c.events}, nil
	}
	if d, ok := v.AsDict(); ok {
		if response, ok := d.GetString("httpResponse"); ok {
			if d.Len() > 1 {
				return Reply{}, fmt.Errorf("want httpResponse alone in the result: capture events with %s", captureFunction)
			}
			answer, err := answerOf(response)
			return Reply{c.events, answer}, err
		}
	}
	items := []hog.Value{v}
	if list, ok := v.AsArray(); ok {
		items = list.Items
	}
	for _, item := range items {
		if err := c.add(item); err != nil {
			return Reply{}, fmt.Errorf("the result: %w, or null, or httpResponse", err)
		}
	}
	return Reply{Events: c.events}, nil
}

func answerOf(v hog.Value) (*Answer, error) {
	d, ok := v.AsDict()
	if !ok {
		return nil, fmt.Errorf("httpResponse: want an object with status and body, got %s", v.Kind())
	}
	a := Answer{Status: http.StatusOK}
	if status, ok := d.GetString("status"); ok && !status.IsNull() {
		n, ok := status.AsNumber()
		if !ok || n != math.Trunc(n) || n < 200 || n > 599 || n >= 300 && n < 400 {
			return nil, errors.New("httpResponse: want a status from 200 to 299 or from 400 to 599")
		}
		a.Status = int(n)
	}
	wanted, _ := textOf(d, "contentType")
	body, _ := d.GetString("body")
	encoded, _ := d.GetString("isBase64Encoded")
	if err := a.fill(body, wanted, encoded.Truthy()); err != nil {
		return nil, fmt.Errorf("httpResponse: %w", err)
	}
	if len(a.Body) > maxAnswerBytes {
		return nil, fmt.Errorf("httpResponse: the body has %d bytes, the limit is %d", len(a.Body), maxAnswerBytes)
	}
	return &a, nil
}

// fill sets body and content type. What is no text is JSON.
func (a *Answer) fill(body hog.Value, contentType string, encoded bool) error {
	text, isText := body.AsString()
	var err error
	switch {
	case body.IsNull():
	case isText && encoded:
		if a.Body, err = base64.StdEncoding.DecodeString(text); err != nil {
			return errors.New("the body is no base64") // which the error would quote
		}
	case isText:
		a.Body = []byte(text)
	default:
		if a.Body, err = body.AppendJSON(nil); err != nil {
			return fmt.Errorf("body: %w", err)
		}
	}
	a.ContentType = safeType(contentType)
	if contentType == "" && !isText && !body.IsNull() {
		a.ContentType = "application/json"
	}
	return nil
}

const plainText = "text/plain; charset=utf-8"

// safeType is the content type when it is one of which a browser runs nothing, else plain text.
func safeType(contentType string) string {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return plainText
	}
	switch kind {
	case "application/json", "text/plain", "text/csv", "text/xml", "application/xml", "image/gif", "image/png", "image/jpeg", "image/webp":
		return mime.FormatMediaType(kind, parameters)
	}
	return plainText
}
