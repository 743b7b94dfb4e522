package bus

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
)

// serverLog passes the embedded server's log on. What the server calls a notice is of no interest to those who run Prickle.
type serverLog struct {
	log   *slog.Logger
	heard func(line string)      // told of warnings and errors
	fatal atomic.Pointer[string] // what the server wanted to end the process for
}

func (l *serverLog) Debugf(string, ...any) {}
func (l *serverLog) Tracef(string, ...any) {}
func (l *serverLog) Noticef(format string, v ...any) {
	l.log.Debug("bus server", "message", fmt.Sprintf(format, v...))
}
func (l *serverLog) Warnf(format string, v ...any) {
	if strings.HasPrefix(format, "Maximum payloads over") {
		return // said at each start, to whoever shares a server with others
	}
	line := fmt.Sprintf(format, v...)
	l.log.Warn("bus server", "message", line)
	l.heard(line)
}
func (l *serverLog) Errorf(format string, v ...any) {
	line := fmt.Sprintf(format, v...)
	l.log.Error("bus server", "message", line)
	l.heard(line)
}
func (l *serverLog) Fatalf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.fatal.CompareAndSwap(nil, &text)
	l.log.Error("bus server wants to end", "message", text)
}
