package blob

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"haven/platform/errs"
)

// One group is at most this; what is over waits for the next.
const (
	groupRecords = 512 // the kernel takes 1,024 pieces in one write
	groupOctets  = 8 << 20
)

// appender is the goroutine that owns the pack being appended to. It takes whatever records wait, writes them at
// once, syncs once, then tells all of them; it never waits for company, so a lone writer waits for one sync only.
type appender struct {
	s     *Store
	queue chan *entry
	quit  chan struct{}
	done  chan struct{}
	pack  *packFile // nil before the first record and after an error

	group []*entry
	vec   [][]byte
}

// entry is a record on its way to a pack. The appender owns buf once the entry is queued and releases it.
type entry struct {
	buf *buffer
	loc Loc        // set by the appender before ack
	ack chan error // capacity 1, so that the appender never waits for somebody who has left
}

func startAppender(s *Store) *appender {
	a := &appender{s: s, queue: make(chan *entry, s.opt.Queue), quit: make(chan struct{}), done: make(chan struct{})}
	go a.run()
	return a
}

// submit hands e over and waits until it is durable. The buffer is given back once, here or by the appender.
func (a *appender) submit(ctx context.Context, e *entry) error {
	if err := a.refuse(); err != nil {
		a.s.mem.release(e.buf)
		return err
	}
	select {
	case a.queue <- e:
	case <-ctx.Done():
		a.s.mem.release(e.buf)
		return errs.Wrap(errs.Transient, ctx.Err(), "")
	case <-a.done:
		a.s.mem.release(e.buf)
		return errClosed()
	}
	select {
	case err := <-e.ack:
		return err
	case <-ctx.Done():
		return errs.Wrap(errs.Transient, ctx.Err(), "")
	case <-a.done:
	}
	select { // the last group may have been acknowledged just before the end
	case err := <-e.ack:
		return err
	default:
		return errClosed()
	}
}

func (a *appender) refuse() error {
	if err := a.s.Err(); err != nil {
		return transient(err)
	}
	if a.s.closed.Load() {
		return errClosed()
	}
	return nil
}

func errClosed() error {
	return errs.Wrap(errs.Transient, errors.New("blob: the store is closing"), "")
}

func (a *appender) stop() {
	close(a.quit)
	<-a.done
}

func (a *appender) run() {
	defer close(a.done)
	for {
		select {
		case e := <-a.queue:
			a.appendGroup(e)
		case <-a.quit:
			a.drain()
			return
		}
	}
}

// drain stores what was queued before Close, then ends the pack.
func (a *appender) drain() {
	for {
		select {
		case e := <-a.queue:
			a.appendGroup(e)
			continue
		default:
		}
		break
	}
	if a.pack == nil {
		return
	}
	a.pack.close()
	a.pack = nil
}

// appendGroup takes what waits behind first and makes all of it durable, or tells all of it why not.
func (a *appender) appendGroup(first *entry) {
	a.group, a.vec = append(a.group[:0], first), append(a.vec[:0], first.buf.b)
	total := len(first.buf.b)
	for len(a.group) < groupRecords && total < groupOctets {
		select {
		case e := <-a.queue:
			a.group, a.vec = append(a.group, e), append(a.vec, e.buf.b)
			total += len(e.buf.b)
			continue
		default:
		}
		break
	}
	err := a.write(int64(total))
	for i, e := range a.group {
		a.s.mem.release(e.buf)
		e.ack <- err
		a.group[i], a.vec[i] = nil, nil
	}
}

func (a *appender) write(total int64) error {
	if err := a.s.Err(); err != nil {
		return transient(err)
	}
	if err := a.room(total); err != nil {
		return err
	}
	p := a.pack
	if err := p.f.WriteVec(a.vec, p.off); err != nil {
		return a.broken("write", err)
	}
	if err := p.f.Sync(); err != nil {
		return a.broken("sync", err)
	}
	for _, e := range a.group {
		e.loc.Pack, e.loc.Off, e.loc.Len = p.number, p.off, int64(len(e.buf.b))
		p.off += e.loc.Len
	}
	return nil
}

// room makes sure that there is a pack, with room for total unless it is empty.
func (a *appender) room(total int64) error {
	if a.pack != nil && packFull(a.pack.off, total, a.s.opt.PackSize) {
		a.pack.close()
		a.pack = nil
	}
	if a.pack != nil {
		return nil
	}
	p, err := a.s.nextPack()
	if err != nil {
		a.s.opt.Logger.Error("no pack can be begun", "error", err)
		return err
	}
	a.pack = p
	return nil
}

// broken closes the pack for good: after an error nobody knows what of the group lies in it. A disk that was full
// while writing is no fault of the pack's other contents, all of which were synced before; so the next group
// begins a new pack and the process goes on. Any other error, and every error of a sync, ends the process: the
// kernel may have dropped pages and would report the next sync as good.
func (a *appender) broken(what string, err error) error {
	p := a.pack
	a.pack = nil
	err = fmt.Errorf("blob: %s of %s: %w", what, fileName(p.number), err)
	p.close()
	if what == "write" && isDiskFull(err) {
		a.s.opt.Logger.Error("the disk is full; mail is deferred", "error", err)
		return transient(err)
	}
	a.s.giveUp(err)
	return transient(err)
}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// transient is a fault of the disk that another try may not meet; a full disk is named as such.
func transient(err error) error {
	if isDiskFull(err) {
		return errs.StorageFull(err)
	}
	return errs.Wrap(errs.Transient, err, "")
}
