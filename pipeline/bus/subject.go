package bus

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	streamEvents  = "EVENTS"
	streamDeliver = "DELIVER"
	streamDead    = "DEAD"
	streamJournal = "JOURNAL"
)

// EventsTopic is the Watermill topic of a lane.
func EventsTopic(lane int) string { return eventsAll + strconv.Itoa(lane) }

// EventsOnlyTopic is the Watermill topic by which a Subscriber receives the dead letters that are replayed to its pipeline, of all lanes. They
// have a topic of their own so that many of them do not stand before what is captured.
const EventsOnlyTopic = "events.only"

// DeliverTopic is the Watermill topic that Publisher takes frames for a destination's lane by. Names are letters, digits, - and _.
func DeliverTopic(pipeline, destination string, lane int) string {
	return "deliver." + pipeline + "." + destination + "." + strconv.Itoa(lane)
}

// ReplayTopic is DeliverTopic for frames that are sent once more. They are delivered when nothing waits in the lane's DeliverTopic.
func ReplayTopic(pipeline, destination string, lane int) string {
	return "replay." + pipeline + "." + destination + "." + strconv.Itoa(lane)
}

const eventsAll = "events.all."

// subject is a topic as the server knows it: in the project's namespace.
func (b *Bus) subject(topic string) string {
	if b.config.Namespace == "" {
		return topic
	}
	return b.config.Namespace + "." + topic
}

// topic is the reverse of subject.
func (b *Bus) topic(subject string) string {
	if b.config.Namespace == "" {
		return subject
	}
	return strings.TrimPrefix(subject, b.config.Namespace+".")
}

// streamName is a stream's name as the server knows it.
func (c *Config) streamName(name string) string {
	if c.Namespace == "" {
		return name
	}
	return c.Namespace + "_" + name
}

func eventsOnlySubject(pipeline, lane string) string { return "events.only." + pipeline + "." + lane }

// retrySubject has an id of its own for each frame, because a subject holds one schedule at a time.
func retrySubject(pipeline, destination string, lane int, id string) string {
	return fmt.Sprintf("retry.%s.%s.%d.%s", pipeline, destination, lane, id)
}

// noDestination stands in for the destination in the subjects of the process stage's dead letters. It cannot be confused with one,
// because the stage is in the subject too.
const noDestination = "_"

func deadSubject(l *DeadLetter) string {
	destination := l.Destination
	if destination == "" {
		destination = noDestination
	}
	return "dead." + l.Stage + "." + l.Pipeline + "." + destination
}

// journalSubject is where the records of the journal go.
const journalSubject = "journal.records"

// laneOfSubject reads the lane, which is the last token of the subjects that consumers read. It is 0 when that is not a number.
func laneOfSubject(subject string) int {
	lane, _ := strconv.Atoi(subject[strings.LastIndexByte(subject, '.')+1:])
	return lane
}

// checkName refuses what would change the meaning of a subject. The configuration has checked names already, with a better message.
func checkName(kind, name string) error {
	if name == "" || len(name) > 64 || strings.IndexFunc(name, notInName) >= 0 {
		return fmt.Errorf("%s name %q: want 1 to 64 letters, digits, - or _", kind, name)
	}
	return nil
}

func notInName(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
}

// checkTopic accepts the topics that Publisher may write to.
func checkTopic(topic string) error {
	kind, rest, _ := strings.Cut(topic, ".")
	if kind != "events" && kind != "deliver" && kind != "replay" {
		return fmt.Errorf("topic %q: want one of EventsTopic, DeliverTopic or ReplayTopic", topic)
	}
	for token := range strings.SplitSeq(rest, ".") {
		if err := checkName("topic", token); err != nil {
			return fmt.Errorf("topic %q: %w", topic, err)
		}
	}
	return nil
}
