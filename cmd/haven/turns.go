package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"haven/mail/delivery"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/job"
	"haven/platform/secret"
)

// node is the number of this process among those that share the database: message ids hold it. A lease keeps others from taking it,
// since in containers every process has the same number of the operating system.
type node struct {
	leases *job.Leases
	number int64
}

const (
	nodes      = 1024
	nodeLease  = time.Hour
	nodeEvery  = 5 * time.Minute
	nodeTries  = 200
	leaveLimit = 5 * time.Second
)

func nodeName(n int64) string { return "node " + strconv.FormatInt(n, 10) }

// takeNode takes a free number. On a full disk it takes one without a lease, so that mail can be read: no message can be written
// then, and the lease is had once there is room.
func (h *house) takeNode(ctx context.Context) (int64, error) {
	if h.looks {
		return 0, nil // makes no message
	}
	h.node.leases = job.NewLeases(h.db, h.clock, holder())
	for range nodeTries {
		number := rand.Int64N(nodes)
		ours, err := h.node.leases.Take(ctx, nodeName(number), nodeLease)
		if ours || errs.IsStorageFull(err) {
			h.node.number = number // not before: until then ids hold the one there was
			return number, nil
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, errors.New("no number is free for this process: too many share the database")
}

// keepNode makes the lease longer. One that was lost, since this process stood still for long, is replaced.
func (h *house) keepNode(ctx context.Context) error {
	ours, err := h.node.leases.Take(ctx, nodeName(h.node.number), nodeLease)
	if ours || err != nil {
		return err
	}
	number, err := h.takeNode(ctx)
	if err == nil {
		h.mail.SetNode(number)
	}
	return err
}

// startTurns sets going what every open house does again and again, until it is closed.
func (h *house) startTurns() error {
	if h.looks {
		return nil
	}
	h.turns = job.NewRunner(job.Options{Clock: h.clock, Logger: h.log})
	h.onClose(func() error {
		h.turns.Stop()
		ctx, cancel := context.WithTimeout(context.Background(), leaveLimit)
		defer cancel()
		if err := h.node.leases.Release(ctx, nodeName(h.node.number)); err != nil {
			h.log.Warn("the process's number is not given back; it lapses", "error", err)
		}
		return nil
	})
	return h.turns.Start(job.Job{Name: "process number", Every: nodeEvery, Run: h.keepNode})
}

// turnSealers makes every day's keys for what waits in the queue, for crowds, to be answered and to be read by who sent it, and drops those that none of it needs.
func (h *house) turnSealers(queue, crowds, owed, told *secret.Sealer) error {
	return h.turns.Start(job.Job{Name: "sealing keys", Every: time.Hour, Run: func(ctx context.Context) error {
		queued, crowded, err := h.waitingSince(ctx)
		if err != nil {
			return err
		}
		waits, err := h.vacation.WaitingSince(ctx)
		if err != nil {
			return err
		}
		unread, err := h.sending.ToldSince(ctx)
		if err != nil {
			return err
		}
		return errors.Join(told.Turn(ctx, unread), queue.Turn(ctx, queued), crowds.Turn(ctx, crowded), owed.Turn(ctx, waits))
	}})
}

// waitingSince is when the oldest letter in the queue and that of a crowd came; zero: there is none. An operator may hold letters
// for longer than the policy keeps them, so it is the rows that tell.
func (h *house) waitingSince(ctx context.Context) (queued, crowded time.Time, err error) {
	stats, err := h.outbox.Stats(ctx)
	if err != nil {
		return queued, crowded, err
	}
	err = h.db.Read(ctx, func(tx *db.Tx) error {
		crowded, err = delivery.WaitingSince(tx)
		return err
	})
	return stats.Oldest, crowded, err
}
