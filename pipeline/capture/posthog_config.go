package capture

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// object is JSON under construction.
type object = map[string]any

// emptyAnswers are the answers of features that this server does not have, as SDKs want to see them (spec 4.4, 4.5).
var emptyAnswers = map[string]string{
	"/api/surveys":                       `{"surveys":[],"survey_config":null}`,
	"/api/early_access_features":         `{"earlyAccessFeatures":[]}`,
	"/api/web_experiments":               `{"experiments":[]}`,
	"/api/product_tours":                 `{"product_tours":[]}`,
	"/flags/definitions":                 `{"flags":[],"group_type_mapping":{},"cohorts":{}}`,
	"/api/feature_flag/local_evaluation": `{"flags":[],"group_type_mapping":{},"cohorts":{}}`,
}

func (s *Server) fixed(body string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, _ *http.Request) error {
		writeJSON(w, http.StatusOK, []byte(body))
		return nil
	}
}

// clientConfig is what posthog-js should do: send gzip to /i/v0/e/, and none of what this server has no use for (spec 4.2).
func (s *Server) clientConfig() object {
	config := object{
		"supportedCompression":  []string{"gzip", "gzip-js"},
		"analytics":             object{"endpoint": "/i/v0/e/"},
		"elementsChainAsString": true,
		"defaultIdentifiedOnly": true,
		"errorTracking":         object{"autocaptureExceptions": false, "suppressionRules": []string{}},
		"siteApps":              []string{},
	}
	for _, off := range []string{
		"hasFeatureFlags", "sessionRecording", "autocapture_opt_out", "capturePerformance", "captureDeadClicks", "heatmaps", "surveys",
		"productTours", "autocaptureExceptions", "logs", "conversations",
	} {
		config[off] = false
	}
	if s.config.Recordings == RecordingsKeep {
		config["sessionRecording"] = sessionRecording()
	}
	return config
}

// flags answers that there are no feature flags (spec 4.1).
func (s *Server) flags(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	if query.Get("v") != "2" {
		return s.oldFlags(w, query.Get("v"))
	}
	answer := s.noFlags()
	if query.Get("config") == "true" {
		maps.Copy(answer, s.clientConfig())
	}
	return writeObject(w, answer)
}

// decide is what flags was called before.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) error {
	version := r.URL.Query().Get("v")
	if version != "4" {
		return s.oldFlags(w, version)
	}
	answer := s.noFlags()
	maps.Copy(answer, s.clientConfig())
	return writeObject(w, answer)
}

func (s *Server) noFlags() object {
	return object{
		"flags": object{}, "errorsWhileComputingFlags": false,
		"requestId": uuid.NewString(), "evaluatedAt": s.deps.Now().UnixMilli(),
	}
}

func (s *Server) oldFlags(w http.ResponseWriter, version string) error {
	answer := s.clientConfig()
	answer["featureFlags"], answer["featureFlagPayloads"], answer["errorsWhileComputingFlags"] = object{}, object{}, false
	if version == "1" {
		answer["featureFlags"] = []string{}
	}
	return writeObject(w, answer)
}

// remoteConfig answers with clientConfig as JSON.
func (s *Server) remoteConfig(token string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.known(r, token, EndpointPostHog); err != nil {
			return err
		}
		config := s.clientConfig()
		config["token"] = token
		w.Header().Set("Cache-Control", "public, max-age=300")
		return writeObject(w, config)
	}
}

// remoteConfigScript answers with clientConfig as a script.
func (s *Server) remoteConfigScript(token string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.known(r, token, EndpointPostHog); err != nil {
			return err
		}
		config := s.clientConfig()
		config["token"] = token
		entry, err := json.Marshal(object{"config": config, "siteApps": []string{}})
		if err != nil {
			return fmt.Errorf("remote config: %w", err)
		}
		name, _ := json.Marshal(token) // escapes what could end a script
		w.Header().Set("Content-Type", "application/javascript; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=300")
		const global = "window._POSTHOG_REMOTE_CONFIG"
		_, _ = w.Write([]byte(strings.Join([]string{global, "=", global, "||{};", global, "[", string(name), "]=", string(entry), ";\n"}, "")))
		return nil
	}
}

// known refuses a request for the settings of a key that there is not, or that is not for the request.
func (s *Server) known(r *http.Request, token string, endpoint Endpoint) error {
	key := s.keys.find(token)
	if key == nil {
		return &wire.Refusal{Status: http.StatusNotFound, Code: "unknown_token", Detail: "the token is not one of this server's keys"}
	}
	return key.permits(endpoint, originOf(r))
}

func writeObject(w http.ResponseWriter, value object) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	writeJSON(w, http.StatusOK, body)
	return nil
}
