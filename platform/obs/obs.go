// Package obs is what an operator watches: health, readiness and figures over HTTP, and the process's log.
package obs

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Probe is one thing that the service can't do without.
type Probe struct {
	Name  string
	Check func(ctx context.Context) error
}

// probeTime is how long all probes together may take before the service counts as not ready.
const probeTime = 5 * time.Second

// NewRegistry is a registry with the figures of the process itself.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Handler answers /healthz (the process lives), /readyz (every probe answers) and /metrics.
func Handler(r *prometheus.Registry, probes ...Probe) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "alive\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithTimeout(req.Context(), probeTime)
		defer cancel()
		for _, p := range probes {
			if err := p.Check(ctx); err != nil {
				say(w, http.StatusServiceUnavailable, p.Name+" does not answer\n") // the cause is in the log of whoever failed
				return
			}
		}
		say(w, http.StatusOK, "ready\n")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	return mux
}

func say(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text) // the client's own loss
}

// NewLogger writes lines of a level ("debug", "info", "warn", "error") and up, as "text" or "json". Callers never give it
// content, subjects, passwords or codes.
func NewLogger(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// Gauge and Counter make a figure that is read when it is asked for.
func Gauge(r *prometheus.Registry, name, help string, labels map[string]string, read func() float64) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "haven_" + name, Help: help, ConstLabels: labels}, read))
}

// Counter is a Gauge that only grows.
func Counter(r *prometheus.Registry, name, help string, labels map[string]string, read func() float64) {
	r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "haven_" + name, Help: help, ConstLabels: labels}, read))
}
