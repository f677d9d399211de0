package sharedmailbox

import (
	"context"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
)

// Reading keeps who counts as having read a letter of a mailbox; the mail store does.
type Reading interface {
	// ReadsEachIn reports whether each person reads for oneself.
	ReadsEachIn(tx *db.Tx, mailbox haven.AccountNo) (bool, error)
	// SetReadsEachIn decides it; people are those who have access.
	SetReadsEachIn(tx *db.Tx, mailbox haven.AccountNo, on bool, people []haven.AccountNo) error
	// Settle does, after the commit, what reading as one again leaves to do. What it leaves is done later.
	Settle(ctx context.Context, mailbox haven.AccountNo) error
}

// Rules by which a mailbox reads (Rules 3).
const (
	RuleReadsAsOne haven.Rule = "sharedmailbox.reads-as-one"
	RuleReadsEach  haven.Rule = "sharedmailbox.reads-each"
)

// ReadingRule names the rule by which a mailbox reads.
func ReadingRule(each bool) haven.Rule {
	if each {
		return RuleReadsEach
	}
	return RuleReadsAsOne
}

// ReadsEach reports whether each person reads a mailbox for oneself. Who asks has been let in to the mailbox.
func (s *Service) ReadsEach(ctx context.Context, mailbox haven.AccountNo) (on bool, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		on, err = s.o.Reading.ReadsEachIn(tx, mailbox)
		return err
	})
	return on, err
}

// SetReadsEach decides whether a letter that one person has read counts as read for all, or each person reads for oneself. The actor is an owner,
// or the service itself. What is so already is not recorded again.
func (s *Service) SetReadsEach(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, on bool) error {
	changed := false
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.ManageIn(tx, actor, mailbox)
		if err != nil {
			return err
		}
		before, err := s.o.Reading.ReadsEachIn(tx, mailbox)
		if changed = before != on; err != nil || !changed {
			return err
		}
		all, err := members(tx, mailbox)
		if err != nil {
			return err
		}
		people := make([]haven.AccountNo, len(all))
		for i, m := range all {
			people[i] = m.Person.No
		}
		if err := s.o.Reading.SetReadsEachIn(tx, mailbox, on, people); err != nil {
			return err
		}
		audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: "sharedmailbox.reading-set", On: a.ID, Rule: ReadingRule(on)})
		return nil
	})
	if err != nil || !changed {
		return err
	}
	s.announce(mailbox)
	if err := s.o.Reading.Settle(ctx, mailbox); err != nil {
		s.o.Logger.Warn("what people have read of a mailbox is not joined yet; upkeep does it", "mailbox", int64(mailbox), "error", err)
	}
	return nil
}
