// Command compare measures Haven and a pair of Postfix and Dovecot side by side on this machine, by the same octets on
// the wire, and prints one table. Each measure runs on both in turns, so that what else the machine does meets both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// options are the sizes of the measures.
type options struct {
	haven, peers string
	runs         int
	messages     int           // delivered in one run
	mailbox      int           // messages in the full mailbox
	sessions     int           // idle at once
	hold         time.Duration // for which they idle
	mixed        time.Duration
	search       int    // messages in the mailbox that is searched
	settle       int    // seconds without getting faster until searching counts as settled
	list         int    // letters in the mailbox that JMAP lists
	busy         int    // people with a day's work over JMAP
	each         int    // letters in the mailbox of each of them
	fulltext     int    // letters that JMAP searches
	sockets      int    // idle WebSockets
	only         string // measures whose names begin so
	quick        bool
	keep         bool
}

const users = 100

func main() {
	// The children end with the thread that began them; this keeps it alive as long as the process.
	runtime.LockOSThread()
	o := flags()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := compare(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func flags() options {
	var o options
	flag.StringVar(&o.haven, "haven", "bin/haven", "the `PROGRAM` to measure")
	flag.StringVar(&o.peers, "peers", "bench/peers.sh", "`SCRIPT` that runs the pair; empty: Haven alone")
	flag.IntVar(&o.runs, "runs", 3, "`TIMES` that each measure runs on each side")
	flag.IntVar(&o.messages, "n", 5000, "`MESSAGES` delivered in one run")
	flag.IntVar(&o.mailbox, "mailbox", 10_000, "`MESSAGES` in the mailbox that is listed and read")
	flag.IntVar(&o.sessions, "sessions", 2000, "idle `SESSIONS`")
	flag.DurationVar(&o.hold, "hold", time.Minute, "`TIME` for which sessions idle before memory is read")
	flag.DurationVar(&o.mixed, "mixed", 10*time.Second, "`TIME` of the mixed load in one run")
	flag.IntVar(&o.search, "search", 100_000, "`MESSAGES` in the mailbox that is searched; 0 leaves it out")
	flag.IntVar(&o.settle, "settle", 30, "`SECONDS` for which searching must not get faster before it is measured")
	flag.IntVar(&o.list, "list", 100_000, "`LETTERS` in the mailbox that JMAP lists; 0 leaves JMAP out")
	flag.IntVar(&o.busy, "busy", 200, "`PEOPLE` who have a day's work over JMAP, at most 300")
	flag.IntVar(&o.each, "each", 100, "`LETTERS` in the mailbox of each of them")
	flag.IntVar(&o.fulltext, "fulltext", 1_000_000, "`LETTERS` that JMAP searches")
	flag.IntVar(&o.sockets, "sockets", 5000, "idle `WEBSOCKETS`")
	flag.StringVar(&o.only, "only", "", "only the measures whose `NAME` begins so: log ins, delivery, latency, mixed, reading, plain, TLS, pages, search, jmap (list, sync, day, index, search, sockets)")
	flag.BoolVar(&o.quick, "quick", false, "all of it small, in about two minutes")
	flag.BoolVar(&o.keep, "keep", false, "keep the data for a look afterwards")
	flag.Parse()
	if o.quick {
		o.runs, o.messages, o.mailbox, o.sessions, o.search = 1, 1000, 2000, 200, 10_000
		o.hold, o.mixed, o.settle = 5*time.Second, 3*time.Second, 8
		o.list, o.fulltext, o.sockets = 10_000, 20_000, 500
	}
	return o
}

// compare starts both sides, runs every measure, and ends both whatever happened.
func compare(ctx context.Context, o options, out *os.File) (err error) {
	dir, err := os.MkdirTemp("", "haven-bench-")
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the pair's processes run as several users
		return err
	}
	var sides []*side
	defer func() {
		for _, s := range sides {
			err = errors.Join(err, s.stop())
		}
		if o.keep {
			fmt.Fprintln(os.Stderr, "the data is in", dir)
			return
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	haven, err := startHaven(ctx, o.haven, dir)
	if err != nil {
		return err
	}
	sides = append(sides, haven)
	if o.peers != "" {
		pair, err := startPair(ctx, o.peers, dir)
		if err != nil {
			return err
		}
		sides = append(sides, pair)
	}
	// An interrupt ends the sides, and with them whatever measure is running.
	defer context.AfterFunc(ctx, func() {
		for _, s := range sides {
			s.interrupt()
		}
	})()
	fmt.Fprintln(out, machine(ctx, o))
	table := &table{}
	for _, m := range measures(o, syncTime(dir)) {
		if !strings.HasPrefix(m.name, o.only) {
			continue
		}
		if err := m.runOn(sides, o.runs, table); err != nil {
			return errors.Join(ctx.Err(), fmt.Errorf("%s: %w", m.name, err), table.print(out))
		}
	}
	return table.print(out)
}
