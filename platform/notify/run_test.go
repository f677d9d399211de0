package notify

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/notify/notifytest"
)

func TestTextArrives(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		p.write(password)
		p.want(Waiting, 0, "")
		p.step()
		p.want(Sent, 1, "")
		if one := p.notify.Sent()[0]; one.To != password.To || !strings.Contains(one.Body, "kestrel-lamp-tide-42") || one.Reference == "" {
			t.Errorf("sent %+v", one)
		}
		p.notify.Status("sending")
		p.clock.Advance(askAfter)
		p.step()
		p.want(Sent, 1, "")
		p.notify.Status("delivered")
		p.clock.Advance(time.Hour)
		p.step()
		p.want(Delivered, 1, "")
	})
}

func TestTextDoesNotArrive(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		p.write(password)
		p.step()
		p.notify.Status("permanent-failure")
		p.clock.Advance(askAfter)
		p.step()
		p.want(Failed, 1, "does not exist")
	})
}

func TestNothingIsSentOfWhatWasRolledBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		cause := errors.New("no")
		err := p.db.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := p.Send(tx, password); err != nil {
				return err
			}
			return cause
		})
		if !errors.Is(err, cause) {
			t.Fatal(err)
		}
		p.step()
		if n := len(p.notify.Sent()); n != 0 {
			t.Errorf("%d were sent", n)
		}
	})
}

// What can't be sent now is sent later, and said; what would be of no use any more is not.
func TestGatewayIsDown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		p.write(password)
		for _, a := range []struct {
			code int
			kind string
		}{{500, "Exception"}, {429, "RateLimitError"}, {400, "BadRequestError"}, {503, ""}} {
			p.notify.Fail(1, a.code, a.kind)
			p.step()
			p.want(Waiting, 0, "Notify")
			p.step() // not before its time
			p.clock.Advance(2 * mostWait)
		}
		p.step()
		p.want(Sent, 1, "")
	})
}

func TestLapsed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		p.write(Message{Template: "reset.code", To: "+447700900123", Values: map[string]string{"code": "kestrel", "minutes": "10"}, Until: morning.Add(10 * time.Minute)})
		p.notify.Fail(1, 500, "Exception")
		p.step()
		p.clock.Advance(10 * time.Minute)
		p.step()
		p.want(Lapsed, 0, "while it was of use")
	})
}

// Each notice is tried for as long as it is good: a temporary password for fourteen days.
func TestTriedAsLongAsItIsGood(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		p.write(password)
		p.notify.Fail(1, 503, "")
		p.step()
		p.clock.Advance(13 * 24 * time.Hour)
		p.step()
		p.want(Sent, 1, "")
	})
}

// A secret without an end is a mistake of ours, and nothing is written.
func TestSecretWithoutAnEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		m := password
		m.Until = time.Time{}
		err := p.db.Write(t.Context(), func(tx *db.Tx) error {
			_, err := p.Send(tx, m)
			return err
		})
		if !errs.Is(err, errs.Internal) {
			t.Errorf("%v", err)
		}
	})
}

func TestWrongNumber(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		m := password
		m.To = "+33123456789"
		p.write(m)
		p.step()
		p.want(Failed, 0, "does not take this number")
	})
}

// Two workers that look at the same moment send a notice once.
func TestSentOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		for range 10 {
			p.write(password)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if _, err := p.Step(context.Background(), Text); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := len(p.notify.Sent()); n != 10 {
			t.Errorf("%d were sent, want 10", n)
		}
	})
}

// A process that dies between Notify's answer and its own note sends again, under the same reference.
func TestDiedBeforeItWasNoted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		id := p.write(password)
		now := p.clock.Now()
		must(t, p.db.Write(t.Context(), func(tx *db.Tx) error {
			tx.Exec(`UPDATE notice SET lease = $2 WHERE id = $1`, id, now.Add(leaseFor).UnixMicro())
			return nil
		}))
		p.step()
		p.want(Waiting, 0, "")
		p.clock.Advance(leaseFor)
		p.step()
		p.want(Sent, 1, "")
	})
}

// A worker that was silent for so long that another one took its notice over does not undo what that one noted.
func TestLateWorkerIsFenced(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		p.write(password)
		p.notify.Fail(1, 500, "Exception") // what the late one hears
		p.notify.Meanwhile(func() {
			p.clock.Advance(leaseFor)
			p.step()
		})
		p.step()
		p.want(Sent, 1, "")
		if !strings.Contains(p.log.String(), "taken over") {
			t.Error("the log says nothing of it")
		}
		p.clock.Advance(askAfter) // the notice is nobody's any more, and asked for
		p.step()
		p.want(Delivered, 1, "")
	})
}

// tries is how often notices were tried in vain.
func (p *post) tries() (n int64) {
	p.t.Helper()
	must(p.t, p.db.Read(p.t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT COALESCE(SUM(tries), 0) FROM notice`, nil, func(r db.Row) error { n = r.Int64(0); return nil })
	}))
	return n
}

// A key that is refused is an alarm; everything waits, nothing loses a try, and goes on by itself when the key is mended.
func TestKeyIsRefused(t *testing.T) {
	t.Parallel()
	wrong := strings.Replace(notifytest.Key, "3d844edf", "3d844ede", 1)
	for name, breaks := range map[string]func(p *post){
		"another key":       func(p *post) { p.key = wrong },
		"no key":            func(p *post) { p.key = "" },
		"no file":           func(p *post) { p.keyErr = errors.New("no such file") },
		"a clock that errs": func(p *post) { p.notify.Fail(1, 403, "AuthError") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, p *post) {
				for range 3 {
					p.write(password)
				}
				breaks(p)
				p.step()
				if !p.KeyRefused(Text) || p.KeyRefused(Email) {
					t.Errorf("refused: texts %t, e-mails %t", p.KeyRefused(Text), p.KeyRefused(Email))
				}
				if n := p.tries(); n != 0 || p.log.Len() == 0 || strings.Count(p.log.String(), "alarm=notify.key") != 1 {
					t.Fatalf("%d tries; log %s", n, p.log)
				}
				p.key, p.keyErr = notifytest.Key, nil
				p.step() // it stands still yet
				if n := len(p.notify.Sent()); n != 0 {
					t.Errorf("%d were sent at once", n)
				}
				p.clock.Advance(numbers.KeyPause)
				p.notify.Fail(1, 503, "") // the first of them
				p.notify.Meanwhile(func() {
					if !p.KeyRefused(Text) {
						t.Error("a gateway that does not answer ends the alarm")
					}
				})
				p.step()
				p.clock.Advance(mostWait)
				p.step()
				if n := len(p.notify.Sent()); n != 3 || p.KeyRefused(Text) || !strings.Contains(p.log.String(), "takes our key again") {
					t.Errorf("%d were sent when the key was mended; log %s", n, p.log)
				}
				if strings.Contains(p.log.String(), "3d844ed") {
					t.Error("the log holds a key")
				}
			})
		})
	}
}

// While the gateway for texts takes its time, e-mails go.
func TestEachKindWaitsForItself(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		p.write(password)
		p.write(Message{Template: "member.added", To: "priya@elm.example", Values: map[string]string{"who": "Aisha", "mailbox": "m", "portal": "p"}})
		p.notify.Meanwhile(func() {
			if _, err := p.Step(t.Context(), Email); err != nil {
				t.Error(err)
			}
			if sent := p.notify.Sent(); len(sent) != 1 || sent[0].Subject == "" {
				t.Errorf("meanwhile %d were sent", len(sent))
			}
		})
		_, err := p.Step(t.Context(), Text)
		must(t, err)
		if n := len(p.notify.Sent()); n != 2 {
			t.Errorf("%d were sent", n)
		}
	})
}

// Whether a text arrived is asked ever more seldom, and not for ever.
func TestNobodyKnows(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		p.write(password)
		p.step()
		p.notify.Status("sending")
		for range 60 {
			p.clock.Advance(askSeldom)
			p.step()
		}
		p.want(Sent, 1, unknown)
		p.notify.Status("delivered")
		p.clock.Advance(askSeldom)
		p.step()
		p.want(Sent, 1, unknown)
	})
}

func TestNudged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { p.Run(ctx); close(done) }()
		p.write(password)
		p.Nudge()
		for deadline := time.Now().Add(10 * time.Second); len(p.notify.Sent()) == 0; { // the clock stands still: nothing but the nudge wakes it
			if time.Now().After(deadline) {
				t.Fatal("not sent")
			}
			p.Nudge()
		}
		cancel()
		<-done
	})
}
