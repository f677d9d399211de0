package delivery

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/mail/outbox"
	"haven/mail/sieve/lang"
	"haven/mail/vacation"
	"haven/platform/db"
	"haven/platform/errs"
)

// deciding turns the actions of one recipient's script into what is done.
type deciding struct {
	s      *Service
	p      *plan
	a      arrival
	r      addressee
	to     addressees // all recipients of the letter here
	at     *place
	groups []group
	thrown bool // away
	silent bool // nothing is answered: the letter was thrown away, or refused
	reply  *vacation.Scripted
}

// group is what is filed alike: one message, in one or more folders.
type group struct {
	header mime.Header
	flags  mailbox.Flags
	words  []string
	into   []mailbox.Into
}

func (d *deciding) all(ctx context.Context, result lang.Result) error {
	for _, act := range result.Actions {
		if err := d.one(ctx, act); err != nil {
			return err
		}
	}
	if len(d.groups) > 0 {
		d.silent, d.thrown = false, false
	}
	if d.thrown {
		d.p.discarded++
	}
	for _, g := range d.groups {
		letter, err := d.edited(ctx, g.header)
		if err != nil {
			return err
		}
		f := d.a.filing(d.r, letter, g.into)
		f.Flags = g.flags
		f.Keywords = append(slices.Clone(f.Keywords), g.words...)
		if w := result.Work; w != nil {
			f.Duty = &mailbox.Duty{Category: w.Category, Within: w.Within, AllHours: w.AllHours}
		}
		d.p.filings = append(d.p.filings, f)
	}
	if !d.silent {
		d.p.owe(d.a, d.r, d.reply)
	}
	return nil
}

func (d *deciding) one(ctx context.Context, act lang.Action) error {
	switch act.Kind {
	case lang.Keep:
		d.file(act, mailbox.Into{})
	case lang.FileInto:
		return d.fileInto(ctx, act)
	case lang.Redirect:
		return d.redirect(ctx, act)
	case lang.Discard:
		d.silent, d.thrown = true, true
	case lang.Reject, lang.EReject:
		return d.reject(act)
	case lang.Vacation:
		d.reply = scripted(act.Reply)
	}
	return nil
}

// keep keeps the letter although the script says otherwise; say, unless it is "", is what the owner is told.
func (d *deciding) keep(act lang.Action, say string) {
	if say != "" {
		d.p.faults = append(d.p.faults, fault{d.r, lang.Error{Line: act.Line, Say: say}.Error()})
	}
	d.file(lang.Action{Flags: act.Flags, Header: act.Header}, mailbox.Into{})
}

// file adds a folder to the group of its header and flags.
func (d *deciding) file(act lang.Action, into mailbox.Into) {
	g := group{header: act.Header}
	for _, f := range act.Flags {
		if flag, ok := systemFlags[strings.ToLower(f)]; ok {
			g.flags |= flag
		} else {
			g.words = append(g.words, f)
		}
	}
	slices.Sort(g.words)
	for i, had := range d.groups {
		if had.header == g.header && had.flags == g.flags && slices.Equal(had.words, g.words) {
			d.groups[i].into = append(had.into, into)
			return
		}
	}
	g.into = []mailbox.Into{into}
	d.groups = append(d.groups, g)
}

var systemFlags = map[string]mailbox.Flags{`\seen`: mailbox.Seen, `\answered`: mailbox.Answered, `\flagged`: mailbox.Flagged, `\deleted`: mailbox.Deleted, `\draft`: mailbox.Draft}

func (d *deciding) fileInto(ctx context.Context, act lang.Action) error {
	path := strings.Split(act.Mailbox, "/")
	there, makeable, err := d.s.o.Store.CanFile(ctx, d.r.Account, path)
	switch {
	case err != nil:
		return err
	case there, makeable && act.Create:
		d.file(act, mailbox.Into{Path: path, Create: act.Create})
	case act.Create:
		d.keep(act, "The folder "+clipped(act.Mailbox)+" can't be made.")
	default:
		d.keep(act, "There is no folder "+clipped(act.Mailbox)+".")
	}
	return nil
}

func clipped(s string) string {
	if r := []rune(s); len(r) > 100 {
		s = string(r[:100]) + "…"
	}
	return "\"" + s + "\""
}

// edited is the letter with the header that a script gave it.
func (d *deciding) edited(ctx context.Context, header mime.Header) (*mailbox.Letter, error) {
	if header == "" {
		return d.a.letter, nil
	}
	m, body, err := d.at.Body()
	if err != nil {
		return nil, err
	}
	rest := io.NewSectionReader(body, m.Root.Body, m.Size-m.Root.Body)
	letter, err := d.s.copyOf(ctx, io.MultiReader(strings.NewReader(string(header)), rest))
	var e *errs.Error
	if errors.As(err, &e) && e.Rule == mailbox.RuleSize {
		d.p.faults = append(d.p.faults, fault{d.r, "With the header that the filter gives it, a letter became larger than letters may be. It is as it came."})
		return d.a.letter, nil
	}
	return letter, err
}

// reject refuses the letter while its client waits, or tells its sender; where neither can be, it is kept, so that no letter is lost without anybody knowing.
func (d *deciding) reject(act lang.Action) error {
	reason := strings.Join(strings.Fields(act.Text), " ")
	if !isPlain(reason) || reason == "" {
		reason = "The recipient does not take this letter."
	}
	if len(reason) > 400 {
		reason = reason[:400] + "..."
	}
	switch {
	case d.a.alone:
		return refuse(errs.Denied, RuleReject, 550, "5.7.1", "%s", reason)
	case d.a.mayTellSender():
		d.silent = true
		d.p.failed = append(d.p.failed, outcome{d.r, mime.Failed, "5.7.1", reason})
	default:
		d.keep(act, "")
	}
	return nil
}

func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' })
}

// MayRedirect says whether a script may send a letter on: not junk, not in circles, and to nobody but our own and those whom the policy names.
func MayRedirect(junk bool, hops, most int, circle bool, ours, named bool) haven.Verdict {
	switch {
	case junk:
		return haven.Refuse("sieve.redirect-junk", "") // nobody is told: there is a lot of it
	case circle, hops >= most:
		return haven.Refuse("sieve.redirect-loop", "A letter came back that this filter, or another, had sent on. Filters that send to each other go in circles.")
	case !ours && !named:
		return haven.Refuse(RuleRedirect, "Letters are sent on within this service, and to no other domain. Patients' data is in them.")
	}
	return haven.Allow(RuleRedirect)
}

// redirect sends the letter on (RFC 5228 §4.2): to a mailbox of ours as a crowd of one, so that its own script decides there; to others through the queue.
func (d *deciding) redirect(ctx context.Context, act lang.Action) error {
	s, from := d.s, d.s.mainOf(ctx, d.r)
	header := mime.Header(d.a.trace(d.r)) + d.a.letter.Message().Header
	circle := false
	for v := range header.Values(fieldRedirected) {
		circle = circle || v == from.String()
	}
	ours, err := s.o.Directory.Serves(ctx, act.To.Domain)
	if err != nil {
		return err
	}
	v := MayRedirect(d.a.where.role == mailbox.Junk, header.Count(fieldRedirected), s.o.Sieve.RedirectHops, circle, ours, slices.Contains(s.o.Sieve.RedirectTo, act.To.Domain))
	if !v.Allowed {
		d.keep(act, v.Reason)
		return nil
	}
	if ours {
		return d.redirectHere(ctx, act, from)
	}
	return d.redirectOut(ctx, act, from)
}

// redirected are the lines in front of a letter that is sent on.
func (d *deciding) redirected(from haven.Address) string {
	return d.a.received + fieldRedirected + ": " + from.String() + "\r\n"
}

func (d *deciding) redirectHere(ctx context.Context, act lang.Action, from haven.Address) error {
	s := d.s
	found, err := s.o.Directory.Resolve(ctx, act.To)
	switch {
	case errs.Is(err, errs.NotFound), errs.Is(err, errs.Denied):
		d.keep(act, "There is no mailbox "+act.To.String()+" that takes letters.")
		return nil
	case err != nil:
		return err
	case found.Account == d.r.Account:
		d.keep(act, "")
		return nil
	case act.Header == "" && d.to.has(found.Account):
		return nil // it gets the same letter by itself
	case s.o.DB == nil || s.o.Sealer == nil:
		d.keep(act, "Letters can't be sent on at the moment.")
		return nil
	}
	letter, err := d.edited(ctx, act.Header)
	if err != nil {
		return err
	}
	c := crowd{envelope: d.a.envelope, where: destination{role: mailbox.Inbox, fields: d.a.where.fields}, trace: d.redirected(from)}
	to := addressees{{found, act.To, d.r.notify &^ outbox.NotifySuccess, ""}}
	to.mayHear(d.a.where)
	write, err := s.enqueue(c, to, letter, true)
	if err != nil {
		return err
	}
	d.p.letters, d.p.writes, d.p.crowded = append(d.p.letters, letter), append(d.p.writes, write), true
	return nil
}

func (d *deciding) redirectOut(ctx context.Context, act lang.Action, from haven.Address) error {
	s := d.s
	if s.o.Outbox == nil {
		d.keep(act, "Letters can't be sent on at the moment.")
		return nil
	}
	letter, err := d.edited(ctx, act.Header)
	if err != nil {
		return err
	}
	st, out := letter.Stored(), outbox.Recipient{Address: act.To}
	to := addressees{{Recipient{}, act.To, 0, ""}}
	to.mayHear(d.a.where)
	out.Notify = to[0].notify
	item := outbox.Item{Body: st.ID, Key: st.Key, Size: st.Size, Trace: []byte(d.redirected(from)), From: d.a.envelope.From, Account: d.r.Account, SignAs: from.Domain,
		UTF8: d.a.envelope.UTF8 || hasHigh([]byte(letter.Message().Header)), Eight: true, Secure: true, To: []outbox.Recipient{out}}
	d.p.letters = append(d.p.letters, letter)
	d.p.wakes = append(d.p.wakes, out)
	d.p.writes = append(d.p.writes, func(tx *db.Tx) error {
		_, err := s.o.Outbox.Enqueue(tx, item)
		return err
	})
	return nil
}

// scripted is what a script answers, in the words of package vacation. Of a MIME entity its text is sent; From is always the mailbox's own.
func scripted(r *lang.Reply) *vacation.Scripted {
	v := &vacation.Scripted{Every: r.Every, Subject: r.Subject, Text: r.Text, Handle: r.Handle}
	if r.MIME {
		v.Text = textOf(r.Text)
	}
	for _, text := range r.Addresses {
		if a, err := haven.ParseAddress(text); err == nil && a.Domain != "" {
			v.Also = append(v.Also, a)
		}
	}
	return v
}

// textOf is the text of a MIME entity.
func textOf(entity string) string {
	m, err := mime.Parse(strings.NewReader(entity), mime.Limits{})
	if err != nil {
		return ""
	}
	var b strings.Builder
	_ = m.SearchText(strings.NewReader(entity), len(entity), func(from mime.Source, text string) bool { // a string is always read
		if from == mime.FromBody {
			b.WriteString(text)
		}
		return true
	})
	return b.String()
}
