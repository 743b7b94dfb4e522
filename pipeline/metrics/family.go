package metrics

import (
	"maps"
	"math"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/prickle-dev/prickle/pipeline/measure"
)

// Family describes one metric for the documentation.
type Family struct {
	Name   string
	Type   string // "counter", "gauge" or "histogram"
	Labels []string
	Help   string
}

// metric is a Family with the way to read it from a T.
type metric[T any] struct {
	Family
	desc *prometheus.Desc
	read func(m *metric[T], of T, labels []string, out chan<- prometheus.Metric)
}

// group is the metrics of one kind of thing: a pipeline, a destination, a stream.
type group[T any] struct {
	prefix  string
	labels  []string // that all of them have
	metrics []metric[T]
}

// newGroup completes the names and labels of the metrics.
func newGroup[T any](prefix string, labels []string, metrics ...metric[T]) group[T] {
	g := group[T]{prefix, labels, metrics}
	for i := range g.metrics {
		m := &g.metrics[i]
		m.Name = prefix + m.Name
		m.Labels = append(slices.Clone(labels), m.Labels...)
		m.desc = prometheus.NewDesc(m.Name, m.Help, m.Labels, nil)
	}
	return g
}

func (g group[T]) families(out []Family) []Family {
	for _, m := range g.metrics {
		out = append(out, m.Family)
	}
	return out
}

func (g group[T]) describe(out chan<- *prometheus.Desc) {
	for i := range g.metrics {
		out <- g.metrics[i].desc
	}
}

func (g group[T]) collect(of T, out chan<- prometheus.Metric, labels ...string) {
	for i := range g.metrics {
		g.metrics[i].read(&g.metrics[i], of, labels, out)
	}
}

// unknown is the value of a gauge that cannot be told at the moment; it is left out.
var unknown = math.NaN()

func single[T any](kind prometheus.ValueType, name, help string, read func(T) float64) metric[T] {
	return metric[T]{Family: Family{Name: name, Type: typeName(kind), Help: help}, read: func(m *metric[T], of T, labels []string, out chan<- prometheus.Metric) {
		if v := read(of); !math.IsNaN(v) {
			out <- prometheus.MustNewConstMetric(m.desc, kind, v, labels...)
		}
	}}
}

func counter[T any](name, help string, read func(T) float64) metric[T] {
	return single(prometheus.CounterValue, name, help, read)
}

func gauge[T any](name, help string, read func(T) float64) metric[T] {
	return single(prometheus.GaugeValue, name, help, read)
}

// number is what the stages count in.
type number interface{ ~int64 | ~uint64 | ~float64 }

// counters is a counter with a further label.
func counters[T any, N number](name, label, help string, read func(T) map[string]N) metric[T] {
	return metric[T]{Family: Family{Name: name, Type: "counter", Labels: []string{label}, Help: help}, read: func(m *metric[T], of T, labels []string, out chan<- prometheus.Metric) {
		values := read(of)
		for _, key := range slices.Sorted(maps.Keys(values)) {
			out <- prometheus.MustNewConstMetric(m.desc, prometheus.CounterValue, float64(values[key]), append(slices.Clone(labels), key)...)
		}
	}}
}

func histogram[T any](name, help string, read func(T) *measure.Histogram) metric[T] {
	return metric[T]{Family: Family{Name: name, Type: "histogram", Help: help}, read: func(m *metric[T], of T, labels []string, out chan<- prometheus.Metric) {
		s := read(of).Snapshot()
		out <- prometheus.MustNewConstHistogram(m.desc, s.Count, s.Sum, s.Buckets, labels...)
	}}
}

func typeName(kind prometheus.ValueType) string {
	if kind == prometheus.CounterValue {
		return "counter"
	}
	return "gauge"
}
