package bus

import (
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
)

// TestWatermill holds Publisher and Subscriber to Watermill's universal contract. Two of its tests do not apply: TestReconnect needs a
// command that restarts a broker, and TestSurvivesServerRestart does the same in this process; and new subscribers do not receive old
// messages, because a new pipeline starts with what comes after it (TestPlaceOfAPipeline).
func TestWatermill(t *testing.T) {
	b := open(t, t.TempDir())
	group := func(_ *testing.T, pipeline string) (message.Publisher, message.Subscriber) {
		s := b.Subscriber(pipeline)
		s.NackDelay, s.Grace = time.Millisecond, 100*time.Millisecond
		return b.Publisher(), s
	}
	tests.TestPubSub(t, tests.Features{
		ConsumerGroups:    true,
		GuaranteedOrder:   true,
		Persistent:        true,
		ForceShort:        testing.Short(),
		GenerateTopicFunc: func(c tests.TestContext) string { return eventsAll + c.TestID.String() },
	}, func(t *testing.T) (message.Publisher, message.Subscriber) { return group(t, "web") }, group)
}
