package bench

import (
	"context"
	"time"
)

// soak is the whole path at half of what it can do, for long enough to see whether memory grows. What every pipeline is done with is removed beyond
// a few gigabytes, so that the disk is not what ends it.
var soak = Case{
	Name: "soak", Summary: "the whole path at half speed for half an hour: whether memory stays flat",
	defaults: Options{Events: 300_000, For: 30 * time.Minute, Batch: 100, Connections: 16},
	prepare:  func(s *stand) string { return project("bus: {max_bytes: 2GB}\n" + wholePath(s.store())) },
	measure:  measureSoak,
}

// soakEvery is how often memory is looked at.
const soakEvery = 10 * time.Second

func measureSoak(ctx context.Context, s *stand) error {
	n, _, arrived, err := s.burst(ctx, span{events: s.Events}, s.warehouse)
	if err != nil {
		return err
	}
	perS := perSecond(n, arrived) / 2
	s.say("sending a steady %.0f events/s for %v", perS, s.For)
	samples := watchMemory(min(soakEvery, s.For/30))
	n, begin, _, err := s.load.send(ctx, span{time: s.For, perS: perS})
	memory := samples.end()
	if err != nil {
		return err
	}
	if err := s.settle(ctx, s.warehouse); err != nil {
		return err
	}
	s.figure("whole path, steady", "events/s", perSecond(n, latest(s.warehouse).Sub(begin)))
	settled := memory[len(memory)/3:]
	s.figure("memory grows by", "MB/min", slope(settled))
	s.figure("memory at the begin", "MB", memory[0].mb)
	s.figure("memory at the end", "MB", memory[len(memory)-1].mb)
	return nil
}
