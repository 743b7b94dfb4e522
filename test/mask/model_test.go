package mask

// fate is what a chain makes of an event.
type fate string

const (
	passes  fate = "passes" // without the secret
	drops   fate = "drops"
	dies    fate = "dies"
	unknown fate = "unknown" // any of the others: what fails is a random program
)

// surety is how sure it is that something has happened.
type surety int

const (
	no surety = iota
	maybe
	yes
)

// captured says that the event went through one of the chains, and it is not known through which.
func (e *event) captured(chains ...chain) { e.went(yes, chains) }

// replayedFromLog says that the event went through a chain again.
func (e *event) replayedFromLog(c chain) { e.went(yes, []chain{c}) }

// replayedFromDead says that the event, if it was a dead letter, went through a chain again.
func (e *event) replayedFromDead(c chain) {
	was := e.dies
	e.dies = no
	e.went(was, []chain{c})
}

// went adds what chains make of an event that is as surely there as is said.
func (e *event) went(there surety, chains []chain) {
	first := chains[0].fate(e.trouble)
	for _, c := range chains[1:] {
		if c.fate(e.trouble) != first {
			there = min(there, maybe)
		}
	}
	for _, c := range chains {
		switch c.fate(e.trouble) {
		case passes:
			e.arrives = max(e.arrives, there)
		case dies:
			e.dies = max(e.dies, there)
		case unknown:
			e.arrives, e.dies = max(e.arrives, min(there, maybe)), max(e.dies, min(there, maybe))
		}
	}
}
