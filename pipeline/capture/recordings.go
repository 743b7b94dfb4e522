package capture

import (
	"os"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/posthog"
)

// Values of Config.Recordings.
const (
	RecordingsDrop   = "drop"   // they are checked, answered with success and not kept
	RecordingsRefuse = "refuse" // they are not read, and SDKs are told to stop
	RecordingsKeep   = "keep"   // each request is stored as an event $snapshot, and SDKs are told to record
)

var recordingsOf = map[string]posthog.Recordings{
	RecordingsDrop: posthog.DropRecordings, RecordingsKeep: posthog.KeepRecordings, RecordingsRefuse: posthog.NoRecordings,
}

// errRecordings refuses a recording unread, as one of a key whose quota is used up is.
var errRecordings = &overLimit{code: "recordings_refused", detail: "this server takes no recordings"}

// sessionRecording tells posthog-js to record, all that it sees and without console and network (spec 4.2).
func sessionRecording() object {
	return object{
		"endpoint": "/s/", "recorderVersion": "v2", "consoleLogRecordingEnabled": false, "sampleRate": nil, "minimumDurationMilliseconds": nil,
		"linkedFlag": nil, "networkPayloadCapture": nil, "urlTriggers": []string{}, "urlBlocklist": []string{}, "eventTriggers": []string{},
	}
}

func (c *Config) validateRecordings() error {
	if _, ok := recordingsOf[c.Recordings]; !ok {
		return mistake("capture.recordings: %q is none of drop, refuse and keep", `write "drop" to leave session recordings out, which is the default`, c.Recordings)
	}
	return nil
}

func (c *Config) validateStatic() error {
	if c.Static.Path == "" {
		return nil
	}
	if info, err := os.Stat(c.Static.Path); err != nil || !info.IsDir() {
		err := pipeline.Errorf(c.Static.Pos, "capture.static: there is no folder %s", c.Static.Name)
		err.Hint = "make it and put the scripts of posthog-js into it, or leave capture.static out"
		return err
	}
	return nil
}
