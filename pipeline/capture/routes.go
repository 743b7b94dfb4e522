package capture

import (
	"net/http"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/capture/segment"
)

// route is what a path does. An error from handle is answered by refuse; without one, handle has answered.
type route struct {
	methods []string
	handle  func(w http.ResponseWriter, r *http.Request) error
}

var (
	postGet = []string{http.MethodPost, http.MethodGet}
	post    = []string{http.MethodPost}
	get     = []string{http.MethodGet}
)

// routeTable holds every fixed path, without trailing slash (spec 1).
func (s *Server) routeTable() map[string]route {
	routes := map[string]route{
		"":                       {get, s.root},
		"/_liveness":             {get, s.liveness},
		"/_health":               {get, s.liveness},
		"/_readiness":            {get, s.readiness},
		"/health":                {get, s.readiness},
		"/version":               {get, s.version},
		"/batch":                 {postGet, s.posthog(batchPath)},
		"/i/v0/ai/batch":         {postGet, s.posthog(aiPath)},
		"/i/v0/ai":               {post, s.aiParts},
		"/i/v0/ai/otel":          {post, s.otlp},
		"/engage":                {postGet, s.posthog(engagePath)},
		"/s":                     {postGet, s.posthog(recordPath)},
		"/i/v1/analytics/events": {post, s.v1(v1Sizes)},
		"/i/v1/ai/events":        {post, s.v1(v1AISizes)},
		"/flags":                 {postGet, s.flags},
		"/decide":                {postGet, s.decide},
		"/v1/m":                  {post, s.ignore},
		"/v1/import":             {post, s.segment(segmentPath{kind: segment.Batch, historical: true})},
		"/beacon/v1/batch":       {post, s.segment(segmentPath{kind: segment.Batch})},
		"/sourceConfig":          {get, s.sourceConfig},
		"/import":                {post, s.bulk},
	}
	routes["/i/v0/ai/otel/v1/traces"] = routes["/i/v0/ai/otel"] // what exporters make of it when it is the base of their paths
	for _, path := range []string{"/e", "/i/v0/e", "/capture", "/track"} {
		routes[path] = route{postGet, s.posthog(eventPath)}
	}
	routes["/pixel/v1/track"], routes["/pixel/v1/page"] = route{get, s.pixel("track")}, route{get, s.pixel("page")}
	routes["/v1/merge"] = route{post, s.segment(segmentPath{kind: "merge"})}
	for _, kind := range []string{"track", "identify", "page", "screen", "group", "alias", segment.Batch} {
		r := route{post, s.segment(segmentPath{kind: kind})}
		routes["/v1/"+kind], routes["/v1/"+kind[:1]] = r, r
	}
	for path, body := range emptyAnswers {
		routes[path] = route{get, s.fixed(body)}
	}
	return routes
}

// route finds what a path does. The trailing slash means nothing, and there are no redirects: a redirected POST is lost.
func (s *Server) route(path string) (route, bool) {
	path = strings.TrimSuffix(path, "/")
	if r, ok := s.routes[path]; ok {
		return r, true
	}
	if name, ok := strings.CutPrefix(path, "/static/"); ok {
		return route{get, s.static(name)}, true
	}
	if token, ok := between(path, "/array/", "/config"); ok {
		return route{get, s.remoteConfig(token)}, true
	}
	if token, ok := between(path, "/array/", "/config.js"); ok {
		return route{get, s.remoteConfigScript(token)}, true
	}
	if key, ok := between(path, "/v1/projects/", "/settings"); ok {
		return route{get, s.segmentSettings(key)}, true
	}
	return s.webhookRoute(path)
}

// between returns the one path element between prefix and suffix.
func between(path, prefix, suffix string) (element string, ok bool) {
	element, ok = strings.CutPrefix(path, prefix)
	if !ok {
		return "", false
	}
	element, ok = strings.CutSuffix(element, suffix)
	return element, ok && element != "" && !strings.Contains(element, "/")
}
