package app

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// The warehouse is compacted once a night, also after a night that failed.
func TestUpkeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var hours []int
		u := &upkeep{config: DefaultUpkeep(), log: slog.New(slog.DiscardHandler), compact: func(context.Context) error {
			hours = append(hours, time.Now().Hour())
			return errors.New("disk full")
		}}
		ended := make(chan error, 1)
		go func() { ended <- u.run(ctx) }()
		time.Sleep(72 * time.Hour) // of the bubble's clock
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if len(hours) != 3 || hours[0] != 3 || hours[2] != 3 {
			t.Errorf("compacted in 3 days\n got at the hours %v\nwant each day at 3", hours)
		}
	})
}
