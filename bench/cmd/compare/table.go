package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
)

// figures are what the runs of one side gave.
type figures struct{ median, min, max float64 }

func spread(runs []float64) figures {
	if len(runs) == 0 {
		return figures{}
	}
	sorted := slices.Sorted(slices.Values(runs))
	n := len(sorted)
	return figures{median: (sorted[(n-1)/2] + sorted[n/2]) / 2, min: sorted[0], max: sorted[n-1]}
}

func (f figures) String() string {
	return fmt.Sprintf("%s (%s–%s)", short(f.median), short(f.min), short(f.max))
}

// short has three digits that count.
func short(f float64) string {
	if f == 0 {
		return "0"
	}
	places := max(0, 2-int(math.Floor(math.Log10(math.Abs(f)))))
	return fmt.Sprintf("%.*f", places, f)
}

// line is a figure that is looked at.
type line struct {
	name, unit string
	goal       goal
}

// goal says what Haven must reach, given the pair's median (nil: it was not measured), and whether it did.
// An empty text is no goal; "?" one that can't be told.
type goal func(haven float64, pair *float64) (text string, reached verdict)

type verdict string

const (
	yes     verdict = "yes"
	no      verdict = "no"
	unknown verdict = "?"
)

func judge(good bool) verdict {
	if good {
		return yes
	}
	return no
}

func none(float64, *float64) (string, verdict) { return "", "" }

// atLeastTimes: that many times the pair's figure or more.
func atLeastTimes(n float64) goal {
	return func(haven float64, pair *float64) (string, verdict) {
		text := fmt.Sprintf("≥ %g× pair", n)
		if pair == nil {
			return text, unknown
		}
		return text, judge(haven >= n**pair)
	}
}

// atMostTimes: that many times the pair's figure or less.
func atMostTimes(n float64) goal {
	return func(haven float64, pair *float64) (string, verdict) {
		text := fmt.Sprintf("≤ %g× pair", n)
		if pair == nil {
			return text, unknown
		}
		return text, judge(haven <= n**pair)
	}
}

func atLeast(n float64) goal {
	return func(haven float64, _ *float64) (string, verdict) {
		return fmt.Sprintf("≥ %s", short(n)), judge(haven >= n)
	}
}

func atMost(n float64) goal {
	return func(haven float64, _ *float64) (string, verdict) {
		return fmt.Sprintf("≤ %s", short(n)), judge(haven <= n)
	}
}

// atMostPairOr: the pair's figure or less, or a fixed one where that is more.
func atMostPairOr(n float64) goal {
	return func(haven float64, pair *float64) (string, verdict) {
		most := n
		if pair != nil {
			most = max(n, *pair)
		}
		return fmt.Sprintf("≤ pair or %s", short(n)), judge(haven <= most)
	}
}

// row is a line of the table with both sides' figures.
type row struct {
	line
	haven figures
	pair  *figures // nil: not measured
}

func (r row) String() string {
	pair, ratio := "–", "–"
	var median *float64
	if r.pair != nil {
		pair, median = r.pair.String(), &r.pair.median
		if r.pair.median != 0 {
			ratio = fmt.Sprintf("%.2f", r.haven.median/r.pair.median)
		}
	}
	text, reached := r.goal(r.haven.median, median)
	return strings.Join([]string{r.name + ", " + r.unit, r.haven.String(), pair, ratio, text, string(reached)}, "\t")
}

// table is what compare prints: nothing else goes to its output but the line about the machine.
type table struct{ rows []row }

func (t *table) print(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "measure\tHaven, median (min–max)\tPostfix+Dovecot\tratio\ttarget\treached")
	for _, r := range t.rows {
		fmt.Fprintln(out, r)
	}
	return out.Flush()
}

// machine says in one line what was measured on.
func machine(ctx context.Context, o options) string {
	parts := []string{fmt.Sprintf("%d cores", runtime.NumCPU()), memory(), kernel(), said(ctx, o.haven, "version")}
	if o.peers != "" {
		parts = append(parts, "Postfix "+said(ctx, "postconf", "-dh", "mail_version"), "Dovecot "+said(ctx, "dovecot", "--version"))
	}
	return strings.Join(parts, "; ")
}

func memory() string {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return "memory unknown"
	}
	var kib int64
	if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kib); err != nil {
		return "memory unknown"
	}
	return fmt.Sprintf("%d GiB", (kib+(1<<19))>>20)
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "kernel unknown"
	}
	return "Linux " + strings.TrimSpace(string(text))
}

// said is the first line that a program prints.
func said(ctx context.Context, program string, args ...string) string {
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if err != nil {
		return program + " unknown"
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(first)
}
