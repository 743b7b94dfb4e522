package deliver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// simJudge watches a history and says what was broken. It believes nothing that the stage says of itself.
type simJudge struct {
	mu         sync.Mutex
	plan       *simPlan
	events     map[string]*simEvent // by uuid
	persons    map[string][]*simEvent
	sending    map[string]int // persons in a call of Send
	order      int            // of everything that happens
	violations []string
}

// simEvent is what happened to an event. Orders are of the judge's count, 0 for never.
type simEvent struct {
	uuid, person string
	number, lane int
	nature       string    // what the destination makes of it, "" for nothing special
	firstAt      time.Time // when it was published
	attempts     int       // the most that the stage was told of
	tried        int       // order of the first call of Send with it
	delivered    int       // order of the first delivery
	dead         int       // order of the first letter
	letters      int
	buriedAt     time.Time // the last letter
	letterLost   bool      // a letter was stored and the stage was not told
	answered     bool      // the stage was told that it is delivered
	refused      bool      // the stage was told that it never will be
	late         int       // the first attempt in which it was sent after the time to give up
	touched      bool      // a call about its frame was lost, or a process with it ended: it may come again
	overtaken    bool      // in a way that lets others overtake it, and it comes twice
}

func newSimJudge(plan *simPlan) *simJudge {
	j := &simJudge{plan: plan, events: map[string]*simEvent{}, persons: map[string][]*simEvent{}, sending: map[string]int{}}
	for i := range plan.events {
		e := plan.events[i]
		j.events[e.uuid] = e
		j.persons[e.person] = append(j.persons[e.person], e)
	}
	return j
}

func (j *simJudge) fail(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.failLocked(format, args...)
}

func (j *simJudge) failLocked(format string, args ...any) {
	if len(j.violations) < 10 {
		j.violations = append(j.violations, fmt.Sprintf(format, args...))
	}
}

func (j *simJudge) each(events []pipeline.Event, do func(e *simEvent)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range events {
		do(j.events[events[i].UUID])
	}
}

func (j *simJudge) published(events []pipeline.Event) {
	j.each(events, func(e *simEvent) { e.firstAt = time.Now() })
}

func (j *simJudge) touch(events []pipeline.Event, overtaken bool) {
	j.each(events, func(e *simEvent) {
		e.touched = true
		e.overtaken = e.overtaken || overtaken
	})
}

// expired is told of a frame whose wait is over while the stage has it in hand.
func (j *simJudge) expired(events []pipeline.Event) {
	j.each(events, func(e *simEvent) {
		if !e.touched {
			j.failLocked("%s is handed out again while it is in hand", e.uuid)
		}
		e.touched = true
	})
}

func (j *simJudge) handedOut(events []pipeline.Event, attempts int, b BreakerStatus) {
	if b.State == BreakerOpen {
		j.fail("a frame is handed out while the breaker is open")
	}
	j.each(events, func(e *simEvent) {
		if attempts <= e.attempts && !e.overtaken {
			j.failLocked("%s is handed out as attempt %d after attempt %d", e.uuid, attempts, e.attempts)
		}
		e.attempts = max(attempts, e.attempts)
	})
}

// begin is told of a call of Send.
func (j *simJudge) begin(events []pipeline.Event) {
	persons := map[string]bool{}
	j.each(events, func(e *simEvent) {
		j.order++
		if e.tried == 0 {
			e.tried = j.order
		}
		if !persons[e.person] {
			persons[e.person] = true
			if j.sending[e.person]++; j.sending[e.person] > 1 {
				j.failLocked("two calls of Send at once for %s", e.person)
			}
		}
		if e.answered && !e.touched {
			j.failLocked("%s is sent again after it was delivered", e.uuid)
		}
		if e.refused && !e.touched {
			j.failLocked("%s is sent again after it was refused for good", e.uuid)
		}
		if e.late > 0 && e.attempts > e.late && !e.touched {
			j.failLocked("%s is sent again after it was to be given up", e.uuid)
		}
	})
}

// end is told what the other side took, and what it said; whole says that it said that of all of them together.
func (j *simJudge) end(events []pipeline.Event, took []bool, said []error, whole bool) {
	persons := map[string]bool{}
	i := -1
	j.each(events, func(e *simEvent) {
		i++
		persons[e.person] = true
		j.order++
		e.answered = e.answered || said[i] == nil
		if e.late == 0 && !errors.Is(said[i], context.Canceled) && time.Since(e.firstAt) >= j.plan.policy.GiveUp {
			e.late = e.attempts
		}
		e.refused = e.refused || pipeline.IsPermanent(said[i]) && (len(events) == 1 || !whole)
		if took[i] && e.delivered == 0 {
			e.delivered = j.order
			j.inOrder(e)
		}
	})
	j.mu.Lock()
	defer j.mu.Unlock()
	for p := range persons {
		j.sending[p]--
	}
}

// inOrder checks that everything of the person before e is done.
func (j *simJudge) inOrder(e *simEvent) {
	for _, before := range j.persons[e.person] {
		if before == e {
			return
		}
		// The other side may have refused it in an answer that got lost.
		done := before.delivered > 0 || before.dead > 0 || before.refused || before.nature == "poison" && before.tried > 0
		switch {
		case done:
		case j.plan.strict:
			j.failLocked("%s arrives before %s", e.uuid, before.uuid)
		case before.tried == 0 && !before.overtaken:
			j.failLocked("%s arrives before %s, which has not been tried", e.uuid, before.uuid)
		}
	}
}

func (j *simJudge) lane(line []byte) int {
	e, err := pipeline.ParseEvent(line)
	if err != nil {
		panic(err)
	}
	return j.events[e.UUID].lane
}

func (j *simJudge) buried(l bus.DeadLetter) {
	parsed, err := pipeline.ParseEvent(l.Event)
	if err != nil {
		panic(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.order++
	e := j.events[parsed.UUID]
	again := e.letterLost && time.Since(e.buriedAt) > simDedup
	e.buriedAt = time.Now()
	if e.letters++; e.letters > 1 && !e.touched && !again {
		j.failLocked("%s has %d dead letters", e.uuid, e.letters)
	}
	if e.dead == 0 {
		e.dead = j.order
	}
	if !l.FirstAt.Equal(e.firstAt) {
		j.failLocked("%s was put up at %s, and its letter says %s", e.uuid, e.firstAt, l.FirstAt)
	}
	gaveUp := strings.HasPrefix(l.Reason, "gave up")
	switch {
	case gaveUp && l.LastAt.Sub(l.FirstAt) < j.plan.policy.GiveUp:
		j.failLocked("%s is given up after %s", e.uuid, l.LastAt.Sub(l.FirstAt))
	case !gaveUp && e.nature != "poison" && e.nature != "panic":
		j.failLocked("%s is dead and nobody refused it: %s", e.uuid, l.Reason)
	}
}

// unanswered is told of letters that were stored while the stage takes them for lost.
func (j *simJudge) unanswered(letters []bus.DeadLetter) {
	for _, l := range letters {
		if e, err := pipeline.ParseEvent(l.Event); err == nil {
			j.each([]pipeline.Event{e}, func(e *simEvent) { e.letterLost = true })
		}
	}
}

// verdict looks at the end, when the stream is empty.
func (j *simJudge) verdict() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.plan.events {
		if e.delivered == 0 && e.dead == 0 {
			j.failLocked("%s is lost", e.uuid)
		}
		if (e.nature == "poison" || e.nature == "panic" || e.nature == "stubborn") && e.delivered > 0 {
			j.failLocked("%s cannot have been delivered", e.uuid)
		}
	}
	return slices.Clone(j.violations)
}
