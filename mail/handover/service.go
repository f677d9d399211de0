package handover

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Mail is the store of letters; mail/mailbox is behind it, and asks for rights at each call.
type Mail interface {
	Rights(ctx context.Context, v mailbox.Viewer) (haven.Rights, error)
	Folders(ctx context.Context, v mailbox.Viewer) ([]mailbox.Folder, error)
	Newest(ctx context.Context, v mailbox.Viewer, mb haven.MailboxNo, most int) ([]mailbox.Row, error)
	Infos(ctx context.Context, v mailbox.Viewer, msgs []haven.MessageID, fn func(i int, info *mailbox.Info) error) error
	Room(ctx context.Context, account haven.AccountNo, octets int64) error
	FolderAt(ctx context.Context, v mailbox.Viewer, path []string) (mailbox.Folder, error)
	CreateFolder(ctx context.Context, v mailbox.Viewer, path []string, role mailbox.Role) (mailbox.Folder, error)
	Gather(ctx context.Context, from mailbox.Viewer, all []mailbox.Source, to mailbox.Viewer, dst haven.MailboxNo, also func(tx *db.Tx, made []mailbox.Source) error) (int, error)
}

// People knows who belongs to a premises; people/sharedmailbox and people/organisation are behind it.
type People interface {
	// Inside tells which of the addresses, by their keys, are those of a mailbox, of its premises' other mailboxes, of those who work there or have
	// access, or of the service itself.
	Inside(ctx context.Context, mailbox haven.AccountNo, all []haven.Address) (map[string]bool, error)
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB     *db.DB
	Mail   Mail
	People People
	Policy policy.Policy
	Clock  clock.Clock
}

// Service hands letters over. It is safe for many goroutines.
type Service struct {
	o    Options
	busy chan struct{} // a token for each who looks through letters
}

// New makes the service over the tables that Schema made.
func New(o Options) *Service {
	return &Service{o: o, busy: make(chan struct{}, o.Policy.Handover.AtOnce)}
}

// mine is who hands over, looking at the own letters; theirs, at the mailbox that gets them.
func (w Who) mine() mailbox.Viewer {
	return mailbox.Viewer{Person: w.Person, Account: w.Person, Program: "handover"}
}
func (w Who) theirs() mailbox.Viewer { return w.mine().As(w.Mailbox) }

// Offer is what the person can hand over to the mailbox, looked for among the newest letters of both. NotFound: the person has no access to it.
func (s *Service) Offer(ctx context.Context, w Who) (o Offered, err error) {
	t := s.o.Clock.NewTimer(s.o.Policy.Handover.Wait)
	defer t.Stop()
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-t.C():
		return o, errs.E(errs.Transient, "Many people hand letters over just now. Try again in a minute.")
	case <-ctx.Done():
		return o, ctx.Err()
	}
	premises, err := s.letters(ctx, w.theirs(), w.folder(s.o.Policy), mailbox.Drafts, mailbox.Junk)
	if err != nil {
		return o, err
	}
	own, err := s.letters(ctx, w.mine(), "", mailbox.Drafts, mailbox.Junk, mailbox.Trash)
	if err != nil {
		return o, err
	}
	inside, err := s.o.People.Inside(ctx, w.Mailbox, asked(own, premises))
	if err != nil {
		return o, err
	}
	return Offer(own, premises, inside, s.o.Policy.Handover), nil
}

func (w Who) folder(p policy.Policy) string { return FolderName(w.Name, p.Mailbox.FolderOctets) }

// asked are the addresses of which it matters whether they are inside: who wrote, and to whom both wrote.
func asked(own, premises []Letter) (all []haven.Address) {
	in, met := map[string]bool{}, map[string]bool{}
	add := func(a haven.Address) {
		if k := a.Key(); !met[k] {
			met[k] = true
			all = append(all, a)
		}
	}
	for _, l := range premises {
		for _, a := range l.From {
			in[a.Key()] = true
			add(a)
		}
		for _, a := range l.To {
			in[a.Key()] = true
		}
	}
	for _, l := range own {
		for _, a := range l.From {
			add(a)
		}
		for _, a := range l.To {
			if in[a.Key()] {
				add(a)
			}
		}
	}
	return all
}

// lying is a row and where it lies.
type lying struct {
	mailbox.Row
	in haven.MailboxNo
}

// letters are the newest of an account, but for those in folders of some roles; those of the root folder of a name come besides.
func (s *Service) letters(ctx context.Context, v mailbox.Viewer, besides string, but ...mailbox.Role) ([]Letter, error) {
	folders, err := s.o.Mail.Folders(ctx, v)
	if err != nil {
		return nil, err
	}
	most := s.o.Policy.Handover.Letters
	var rows, always []lying
	for _, f := range folders {
		if slices.Contains(but, f.Role) {
			continue
		}
		found, err := s.o.Mail.Newest(ctx, v, f.No, most)
		if errs.Is(err, errs.NotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		into := &rows
		if besides != "" && len(f.Path) == 1 && f.Name == besides {
			into = &always
		}
		for _, r := range found {
			*into = append(*into, lying{r, f.No})
		}
		rows = newest(rows, func(l lying) time.Time { return l.Received }, most) // so that many folders take no more memory
	}
	return s.read(ctx, v, append(rows, always...))
}

// read opens the envelopes.
func (s *Service) read(ctx context.Context, v mailbox.Viewer, rows []lying) (all []Letter, err error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]haven.MessageID, len(rows))
	for i, r := range rows {
		ids[i] = r.Msg
	}
	err = s.o.Mail.Infos(ctx, v, ids, func(i int, info *mailbox.Info) error {
		e, r := &info.Meta.Envelope, rows[i]
		l := Letter{Mailbox: r.in, UID: r.UID, ID: strings.Clone(e.MessageID), At: r.Received, Octets: r.Size,
			From: s.addresses(e.From), To: s.addresses(e.To, e.Cc)}
		if l.ID == "" {
			l.ID = fmt.Sprintf("%q %q %v %d", e.Date, e.Subject, l.From, r.Size)
		}
		all = append(all, l)
		return nil
	})
	return all, err
}

// addresses are those that can be written to, at most as many as one letter is looked at for.
func (s *Service) addresses(lists ...[]mime.Address) (all []haven.Address) {
	for _, list := range lists {
		for _, a := range list {
			if a.Kind != mime.Mailbox || a.Host == "" || len(all) == s.o.Policy.Handover.Named {
				continue
			}
			if parsed, err := haven.ParseAddress(haven.Address{Local: a.Mailbox, Domain: a.Host}.String()); err == nil {
				all = append(all, parsed)
			}
		}
	}
	return all
}

// HandOver copies the letters exchanged with the correspondents, by their addresses' keys, into the mailbox, in a folder that has the person's name. The
// person's own stay, and what the mailbox has already is not copied again. Each step is recorded with how many letters it copied; on an error what was
// copied stays, and the person does it again.
func (s *Service) HandOver(ctx context.Context, actor haven.Actor, w Who, addresses []string) (done Count, err error) {
	began, err := s.begin(ctx, w)
	if err != nil {
		return done, err
	}
	// What has begun is finished, also for a browser that does not wait.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Policy.Handover.Within)
	defer cancel()
	defer func() {
		if ended := s.end(ctx, w, began); err == nil {
			err = ended
		}
	}()
	all, err := s.mayHandOver(ctx, actor, w, addresses)
	if err != nil {
		return done, err
	}
	into, err := s.folderFor(ctx, w)
	if err != nil {
		return done, err
	}
	with := make(map[mailbox.Source]offered, len(all))
	sources := make([]mailbox.Source, len(all))
	slices.Reverse(all) // the oldest first, so that the newest are also the last that the folder got
	for i, l := range all {
		sources[i] = mailbox.Source{Mailbox: l.Mailbox, UID: l.UID}
		with[sources[i]] = l
	}
	total := countOf(all).Correspondents
	done.Letters, err = s.o.Mail.Gather(ctx, w.mine(), sources, w.theirs(), into, func(tx *db.Tx, made []mailbox.Source) error {
		step := make([]offered, len(made))
		for i, from := range made {
			step[i] = with[from]
		}
		c := countOf(step)
		tx.Exec(sqlHand, int64(w.Mailbox), int64(w.Person), db.Micros(began), int64(c.Letters), int64(total))
		audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: "handover.done", On: w.MailboxID, Rule: "handover.own-letters", Note: c.String()})
		return nil
	})
	done.Correspondents = total
	return done, err
}

// mayHandOver are the letters that are copied; an error where they may not be. A refusal is recorded.
func (s *Service) mayHandOver(ctx context.Context, actor haven.Actor, w Who, addresses []string) ([]offered, error) {
	rights, err := s.o.Mail.Rights(ctx, w.theirs())
	if err != nil {
		return nil, err
	}
	o, err := s.Offer(ctx, w)
	if err != nil {
		return nil, err
	}
	all, octets := o.chosen(addresses)
	room := s.o.Mail.Room(ctx, w.Mailbox, octets)
	if room != nil && !errs.Is(room, errs.OverQuota) {
		return nil, room
	}
	v := MayHandOver(Facts{Own: actor.Person == w.PersonID, Rights: rights, Letters: len(all), Room: room == nil})
	if v.Allowed {
		return all, nil
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: "handover.refused", On: w.MailboxID, Rule: v.Rule, Note: countOf(all).String()})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, refusal(v)
}

func refusal(v haven.Verdict) error {
	kind := errs.Invalid
	if v.Rule == "handover.own" || v.Rule == "handover.read-only" {
		kind = errs.Denied
	}
	return &errs.Error{Kind: kind, Rule: string(v.Rule), Say: v.Reason}
}

// folderFor is the folder that gets the letters.
func (s *Service) folderFor(ctx context.Context, w Who) (haven.MailboxNo, error) {
	name := w.folder(s.o.Policy)
	f, err := s.o.Mail.CreateFolder(ctx, w.theirs(), []string{name}, mailbox.NoRole)
	if !errs.Is(err, errs.Conflict) {
		return f.No, err
	}
	f, err = s.o.Mail.FolderAt(ctx, w.theirs(), []string{name})
	return f.No, err
}

// begin makes sure that one handover runs of a person to a mailbox, and not two beside each other.
func (s *Service) begin(ctx context.Context, w Who) (now time.Time, err error) {
	now = s.o.Clock.Now().Truncate(time.Microsecond)
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		var since time.Time
		if err := tx.Query(sqlBusy, []any{int64(w.Mailbox), int64(w.Person)}, func(r db.Row) error { since = db.Moment(r.Int64(0)); return nil }); err != nil {
			return err
		}
		v := MayBegin(since, s.o.Policy.Handover, now)
		began := false
		if v.Allowed {
			err := tx.Query(sqlBegin, []any{int64(w.Mailbox), int64(w.Person), db.Micros(now), db.Micros(since)}, func(db.Row) error { began = true; return nil })
			if err != nil || began {
				return err
			}
			v = MayBegin(now, s.o.Policy.Handover, now) // another process was faster
		}
		return &errs.Error{Kind: errs.Conflict, Rule: string(v.Rule), Say: v.Reason}
	})
	return now, err
}

func (s *Service) end(ctx context.Context, w Who, began time.Time) error {
	return s.o.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		tx.Exec(sqlEnd, int64(w.Mailbox), int64(w.Person), db.Micros(began))
		return nil
	})
}

// Waiting tells an owner of the mailbox how much the person could still hand over to it: numbers, and nothing else. That the owner was told is recorded,
// for the person to see. It is nothing of somebody who is no member or can add nothing; Denied to whoever does not manage the mailbox.
func (s *Service) Waiting(ctx context.Context, actor haven.Actor, owner haven.AccountNo, w Who) (c Count, err error) {
	rights, err := s.o.Mail.Rights(ctx, mailbox.Viewer{Person: owner, Account: w.Mailbox, Program: "handover"})
	if err != nil {
		return c, err
	}
	theirs, err := s.o.Mail.Rights(ctx, w.theirs())
	if err != nil && !errs.Is(err, errs.NotFound) {
		return c, err
	}
	if v := MayCount(rights, theirs); !v.Allowed {
		if rights.Has(haven.Manage) {
			return c, nil
		}
		return c, &errs.Error{Kind: errs.Denied, Rule: string(v.Rule), Say: v.Reason}
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error { // before it is told, so that it is never told unseen
		audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: "handover.counted", On: w.PersonID, Other: w.MailboxID, Rule: "handover.count"})
		return nil
	})
	if err != nil {
		return c, err
	}
	o, err := s.Offer(ctx, w)
	if errs.Is(err, errs.NotFound) {
		return c, nil // who may not open the own mailbox now hands nothing over
	}
	return o.Count(), err
}

// Handed lists how much the person has handed over to the mailbox, the newest first, for whoever has access to it.
func (s *Service) Handed(ctx context.Context, viewer haven.AccountNo, w Who) (all []Handed, err error) {
	if _, err := s.o.Mail.Rights(ctx, mailbox.Viewer{Person: viewer, Account: w.Mailbox, Program: "handover"}); err != nil {
		return nil, err
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sqlHanded, []any{int64(w.Mailbox), int64(w.Person), int64(s.o.Policy.Handover.Shown)}, func(r db.Row) error {
			all = append(all, Handed{Person: w.Person, At: db.Moment(r.Int64(0)), Count: Count{Letters: int(r.Int64(1)), Correspondents: int(r.Int64(2))}})
			return nil
		})
	})
	return all, err
}

// String is a count in words.
func (c Count) String() string {
	return numbered(c.Letters, "letter") + " with " + numbered(c.Correspondents, "correspondent")
}

func numbered(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprint(n, " ", of, "s")
}
