package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	connectTimeout = 5 * time.Second
	// pingEvery and pingsMissed find out in about 6 seconds that nothing comes through any more although the connection has not ended. No write
	// may hold everything else up for longer.
	pingEvery, pingsMissed = 2 * time.Second, 2
	// minMajor and minMinor are the first server version with message schedules, which retries need.
	minMajor, minMinor = 2, 12
)

func connectEmbedded(e *embedded, log *slog.Logger) (*nats.Conn, error) {
	nc, err := nats.Connect("", append(connectionOptions(log), nats.InProcessServer(e.server))...)
	if err != nil {
		return nil, fmt.Errorf("connect to the embedded server: %w", err)
	}
	return nc, nil
}

func connectOutside(config Config, log *slog.Logger) (*nats.Conn, error) {
	shown, err := redact(config.URL)
	if err != nil {
		return nil, err
	}
	options := append(connectionOptions(log), nats.Timeout(connectTimeout), nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(pingsMissed), nats.FlusherTimeout(pingEvery))
	switch {
	case config.User != "":
		options = append(options, nats.UserInfo(config.User, string(config.Password)))
	case config.Token != "":
		options = append(options, nats.Token(string(config.Token)))
	case config.Credentials.Path != "":
		options = append(options, nats.UserCredentials(config.Credentials.Path))
	}
	if config.CA.Path != "" {
		options = append(options, nats.RootCAs(config.CA.Path))
	}
	nc, err := nats.Connect(config.URL, options...)
	if errors.Is(err, nats.ErrNoServers) {
		return nil, fmt.Errorf("bus at %s is unreachable: no server answers within %s; check url and that the server runs", shown, connectTimeout)
	}
	if err != nil {
		return nil, fmt.Errorf("bus at %s: %w", shown, err)
	}
	return nc, nil
}

// connectionOptions never buffers while the connection is down: a write fails at once instead of happening later without anyone
// knowing.
func connectionOptions(log *slog.Logger) []nats.Option {
	return []nats.Option{
		nats.Name("prickle"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500 * time.Millisecond),
		nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("connection to the bus is lost, trying to get it back", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("connection to the bus is back") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Warn("bus connection", "error", err) }),
	}
}

// redact checks the URLs and returns them without what must not be shown.
func redact(urls string) (string, error) {
	var shown []string
	for text := range strings.SplitSeq(urls, ",") {
		text = strings.TrimSpace(text)
		if !strings.Contains(text, "://") {
			text = "nats://" + text
		}
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			return "", errors.New("bus url is malformed: want nats://host:port, several separated by commas") // it may hold a password
		}
		if u.User != nil {
			u.User = url.User("***")
		}
		shown = append(shown, u.String())
	}
	return strings.Join(shown, ","), nil
}

// checkServer finds out whether the server can do what the bus needs.
func checkServer(ctx context.Context, nc *nats.Conn, js jetstream.JetStream) error {
	version := nc.ConnectedServerVersion()
	if olderThan(version, minMajor, minMinor) {
		return fmt.Errorf("bus at %s runs nats-server %s, which is too old: want %d.%d or later", nc.ConnectedUrlRedacted(), version, minMajor, minMinor)
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	_, err := js.AccountInfo(ctx)
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount), errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("bus at %s has no JetStream for this account: start nats-server with -js, or enable it for the account", nc.ConnectedUrlRedacted())
	case err != nil:
		return fmt.Errorf("bus at %s: %w", nc.ConnectedUrlRedacted(), err)
	}
	return nil
}

// olderThan compares versions. One that cannot be read is not older.
func olderThan(version string, major, minor int) bool {
	majorText, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minorText, _, _ := strings.Cut(rest, ".")
	itsMajor, err1 := strconv.Atoi(majorText)
	itsMinor, err2 := strconv.Atoi(minorText)
	if err1 != nil || err2 != nil {
		return false // a build without a version: the streams will tell
	}
	return itsMajor < major || itsMajor == major && itsMinor < minor
}
