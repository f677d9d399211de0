package killed_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"

	"haven/e2e/stage"
)

// TestMoves kills the service while letters go to and fro between a personal and a shared mailbox, which is a new
// message on the same body in one commit: whenever it is killed, each letter is in exactly one of the two.
func TestMoves(t *testing.T) { stage.EachEngine(t, moves) }

func moves(t *testing.T, database stage.Setting) {
	const letters, movers = 12, 4
	h := stage.Serve(t, database)
	owner := h.Person("Aisha", "Rahman")
	var people []stage.Person
	for i := range movers {
		people = append(people, h.Person("Mover", fmt.Sprintf("Number%c", 'A'+i)))
	}
	pharmacy := h.Pharmacy("FAA01", owner, people...)
	for _, p := range people {
		for i := range letters {
			id := fmt.Sprintf("%s-%d", p.Name, i)
			h.Receive("ward@outside.example", stage.Letter("ward@outside.example", p.Address, id, strings.ReplaceAll(id, " ", "-")+"@move.example", "x"), p.Address)
		}
	}
	moved := &ledger{promised: map[string]string{}, sent: map[string]string{}}
	for round := range rounds() {
		var all sync.WaitGroup
		for _, p := range people {
			all.Go(func() {
				if err := toAndFro(h, p, stage.Shared(pharmacy, ""), func(n int) { moved.keep(fmt.Sprintf("%s %d %d", p.Name, round, n)) }); err != nil {
					t.Error(err)
				}
			})
		}
		target := moved.count() + 60
		stage.Eventually(t, "letters are moved", func() bool { return moved.count() >= target })
		h.Kill()
		all.Wait()
		h.Start()
		shared := held(t, h, owner, stage.Shared(pharmacy, ""))
		for _, p := range people {
			own := held(t, h, p, "INBOX")
			for i := range letters {
				id := fmt.Sprintf("%s-%d@move.example", strings.ReplaceAll(p.Name, " ", "-"), i)
				if n := own[id] + shared[id]; n != 1 {
					t.Errorf("round %d: %s is there %d times, %d of them in the pharmacy's", round, id, n, shared[id])
				}
			}
		}
	}
	t.Logf("%d moves", moved.count())
}

// toAndFro moves the own letters to the other mailbox and back until the line goes dead. Letters of others stay.
func toAndFro(h *stage.House, p stage.Person, other string, done func(n int)) error {
	c, err := h.TryIMAP(p.Address, p.Password, nil)
	if err != nil {
		return nil // the service is down
	}
	defer func() { _ = c.Close() }()
	for n := 0; ; n++ {
		from, to := "INBOX", other
		if n%2 == 1 {
			from, to = other, "INBOX"
		}
		if _, err := c.Select(from, nil).Wait(); err != nil {
			return refusal(err)
		}
		mine, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: p.Name}}}, nil).Wait()
		if err != nil {
			return refusal(err)
		}
		for _, uid := range mine.AllUIDs() {
			if _, err := c.Move(imap.UIDSetNum(uid), to).Wait(); err != nil {
				return refusal(err)
			}
			done(n*1000 + int(uid))
		}
	}
}

// refusal is err where the server answered, and nil where the line went dead.
func refusal(err error) error {
	if strings.HasPrefix(err.Error(), "imap: NO") || strings.HasPrefix(err.Error(), "imap: BAD") {
		return err
	}
	return nil
}
