package httpsend

import (
	"cmp"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// redactor takes out of a text what the request must not tell.
type redactor struct{ secrets []string }

// shortest is the length from which a header value or a part of the URL counts as a possible secret. Shorter ones are words such as "1" or
// "json", whose removal would make errors unreadable.
const shortest = 6

// redactorOf collects header values, with the words and the decoded credentials in them, and the URL's user, path and query.
func redactorOf(req *http.Request) redactor {
	var r redactor
	for name, values := range req.Header {
		if name == "Content-Type" || name == "User-Agent" {
			continue
		}
		for _, v := range values {
			r.add(v)
			for _, word := range strings.FieldsFunc(v, func(c rune) bool { return strings.ContainsRune(" ,;=\"", c) }) {
				r.add(word)
			}
			if name == "Authorization" {
				r.addBasic(v)
			}
		}
	}
	r.addURL(req.URL)
	// The longest first: a secret may hold another.
	slices.SortFunc(r.secrets, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	r.secrets = slices.Compact(r.secrets)
	return r
}

func (r *redactor) addBasic(authorization string) {
	encoded, ok := strings.CutPrefix(authorization, "Basic ")
	if plain, err := base64.StdEncoding.DecodeString(encoded); ok && err == nil {
		user, password, _ := strings.Cut(string(plain), ":")
		r.add(string(plain))
		r.add(user)
		r.add(password)
	}
}

func (r *redactor) addURL(u *url.URL) {
	if u.User != nil {
		password, _ := u.User.Password()
		r.add(u.User.Username())
		r.add(password)
		r.add(base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))) // how it is sent
	}
	r.add(u.RawQuery)
	for _, values := range u.Query() {
		for _, v := range values {
			r.add(v)
		}
	}
	r.add(u.Path)
	for segment := range strings.SplitSeq(u.Path, "/") {
		r.add(segment)
	}
}

// add adds a value in the spellings in which an answer may repeat it.
func (r *redactor) add(v string) {
	for _, spelling := range []string{v, url.QueryEscape(v), url.PathEscape(v), html.EscapeString(v), quoted(v)} {
		if len(spelling) >= shortest {
			r.secrets = append(r.secrets, spelling)
		}
	}
}

// quoted is v as it stands inside a JSON string.
func quoted(v string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `/`, `\/`).Replace(v) }

// redact returns text with stars in place of secrets, cut to the length of an excerpt.
func (r redactor) redact(text string) string { return cut(r.mask(text), maxExcerpt) }

// mask returns text with stars in place of secrets.
func (r redactor) mask(text string) string {
	for _, s := range r.secrets {
		text = strings.ReplaceAll(text, s, "***")
	}
	return text
}

// maskBody is mask for what was read of a body. Of one that was not read to its end, what may be the beginning of a secret is taken off.
func (r redactor) maskBody(text string, read int) string {
	text = r.mask(text)
	if read < MaxAnswer {
		return text
	}
	end := 0
	for _, s := range r.secrets {
		for n := min(len(s)-1, len(text)); n > end; n-- {
			if strings.HasSuffix(text, s[:n]) {
				end = n
			}
		}
	}
	return text[:len(text)-end]
}

// response is the answer as a dead letter shows it. It is masked before it is cut, so that no half of a secret is left.
func (r redactor) response(res *http.Response, body []byte) pipeline.Response {
	return pipeline.Response{
		Status: cut(r.mask(strings.ToValidUTF8(res.Status, "")), maxExcerpt),
		Body:   cut(r.maskBody(strings.ToValidUTF8(string(body), "\uFFFD"), len(body)), pipeline.MaxResponse-len("…")),
	}
}

func cut(text string, limit int) string {
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
