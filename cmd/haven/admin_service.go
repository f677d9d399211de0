package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"haven"
	"haven/mail/authn"
	"haven/mail/outbox"
	"haven/people/organisation"
	"haven/platform/audit"
	"haven/platform/config"
	"haven/platform/errs"
)

func odsImport(ctx context.Context, h *house, c *adminCall) error {
	apply := c.flags.Bool("apply", false, "do it, rather than only say what would change")
	closures := c.flags.Bool("allow-closures", false, "the closures were looked at and are right")
	if err := c.need(1, 1); err != nil {
		return err
	}
	o := organisation.Options{AllowClosures: *closures}
	if !*apply {
		report, err := h.organisations.Preview(ctx, c.std.in, o)
		if err != nil {
			return err
		}
		sayReport(c, report)
		if v := report.Allowed(); !v.Allowed {
			c.say("It would be refused: %s", tooManyClosures(v.Reason))
		}
		c.say("Nothing was changed. Run it again with --apply to do it.")
		return noLineTaken(report)
	}
	o.Progress = percentOf(c)
	report, err := h.organisations.Apply(ctx, c.actor, c.std.in, o)
	if v := report.Allowed(); errs.Is(err, errs.Denied) && !v.Allowed {
		sayReport(c, report)
		return errors.New(tooManyClosures(v.Reason))
	} else if err != nil {
		return err
	}
	sayReport(c, report)
	return noLineTaken(report)
}

// tooManyClosures is the rule's reason, and the words with which an operator says that it may.
func tooManyClosures(reason string) string {
	return reason + " To say so, run it again with --allow-closures."
}

// noLineTaken is the error for a file of which every line was refused: it is not the list of premises.
func noLineTaken(r organisation.Report) error {
	if r.Lines == 0 || r.Refused < r.Lines {
		return nil
	}
	return fmt.Errorf("all %d lines of the file were refused; name the national list of premises (edispensary.csv), as it was downloaded", r.Lines)
}

func sayReport(c *adminCall, r organisation.Report) {
	c.say("%d lines: %d as they are, %d refused, %d repeated; %d active premises before", r.Lines, r.Same, r.Refused, r.Repeated, r.Active)
	for _, change := range []organisation.Change{organisation.Added, organisation.Altered, organisation.Closing, organisation.Resting, organisation.ReHomed} {
		c.say("  %-10v %d", change, r.Counts[change])
	}
	for _, change := range []organisation.Change{organisation.Closing, organisation.Resting, organisation.ReHomed} {
		items := slices.DeleteFunc(slices.Clone(r.Items), func(it organisation.Item) bool { return it.Change != change })
		sayFirst(c, items, change.String(), sayItem)
	}
	if len(r.Missing) > 0 {
		c.say("  %d active premises are not in the file; they stay as they are", len(r.Missing))
		sayFirst(c, r.Missing, "missing", func(it organisation.Item) string { return fmt.Sprintf("missing: %s %s", it.Code, it.Name) })
	}
	sayRefusals(c, r.Reading)
}

// sayItem is one premises of a report.
func sayItem(it organisation.Item) string {
	text := fmt.Sprintf("line %d, %v: %s %s", it.Line, it.Change, it.Code, it.Name)
	if it.Change == organisation.ReHomed {
		text += fmt.Sprintf(" (from %s to %s)", orNone(it.Was), orNone(it.Now))
	}
	return text
}

func orNone(c organisation.Code) string { return textOrNone(string(c)) }

func textOrNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// mostSaid is how many lines of one sort a report prints; the rest is counted.
const mostSaid = 50

func sayFirst[T any](c *adminCall, all []T, what string, say func(T) string) {
	for i, one := range all {
		if i == mostSaid {
			c.say("  and %d more, %s", len(all)-mostSaid, what)
			return
		}
		c.say("  %s", say(one))
	}
}

func odsShow(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, 1); err != nil {
		return err
	}
	o, err := h.organisationOf(ctx, c.words[0])
	if err != nil {
		return err
	}
	c.say("%s  %s, %s", o.Code, o.Name, o.Place)
	c.say("  %s, %v", o.Kind, o.Status)
	c.say("  %s %s", strings.Join(nonEmpty(o.Lines[:]), ", "), o.Postcode)
	if o.Parent != "" {
		c.say("  head office %s", o.Parent)
	}
	if err := sayRegistered(ctx, h, c, o); err != nil {
		return err
	}
	boxes, err := h.shared.Of(ctx, o.ID)
	for _, no := range boxes {
		a, err := h.accounts.ByNo(ctx, no)
		if err != nil {
			return err
		}
		c.say("  mailbox %s", a.Address)
	}
	return err
}

func nonEmpty(list []string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func organisationAdd(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(4, 4); err != nil {
		return err
	}
	kind, err := kindOf(c.words[0])
	if err != nil {
		return err
	}
	code, v := organisation.ParseCode(kind, c.words[1])
	if !v.Allowed {
		return fmt.Errorf("%s", v.Reason)
	}
	o, err := h.organisations.Add(ctx, c.actor, organisation.Organisation{Kind: kind, Code: code, Name: c.words[2], Place: c.words[3], Status: organisation.Active})
	if err != nil {
		return err
	}
	c.say("%s  %s, %s", o.Code, o.Name, o.Place)
	return nil
}

// kindOf reads a kind of organisation as an operator types it: one word, in any case of letters.
func kindOf(s string) (organisation.Kind, error) {
	kinds := []string{}
	for _, k := range []organisation.Kind{organisation.Pharmacy, organisation.HeadOffice, organisation.GPPractice, organisation.CareHome,
		organisation.Hospital, organisation.LocalTeam, organisation.Desk, organisation.Locum, organisation.Other} {
		word := strings.ToLower(strings.ReplaceAll(k.String(), " ", "-"))
		switch k {
		case organisation.Desk:
			word = "desk"
		case organisation.Other:
			word = "other"
		}
		if strings.EqualFold(s, word) || strings.EqualFold(s, k.String()) {
			return k, nil
		}
		kinds = append(kinds, word)
	}
	return 0, fmt.Errorf("%q is no kind of organisation; use %s", s, strings.Join(kinds, ", "))
}

// queueFilter reads which letters a verb is about: an id, or flags.
func queueFilter(c *adminCall, all bool) (outbox.Filter, error) {
	var f outbox.Filter
	c.flags.StringVar(&f.Domain, "domain", "", "recipients' `DOMAIN`")
	c.flags.StringVar(&f.From, "from", "", "sender's `ADDRESS`")
	c.flags.StringVar(&f.State, "state", "", "`STATE`: waiting, sending or held")
	everything := c.flags.Bool("all", all, "the whole queue")
	if err := c.need(0, 1); err != nil {
		return f, err
	}
	if len(c.words) == 1 {
		id, err := queueID(c.words[0])
		if err != nil {
			return f, err
		}
		f.Queue = id
	}
	if f == (outbox.Filter{}) && !*everything {
		return f, fmt.Errorf("say which letters: an id, --domain, --from, or --all")
	}
	return f, nil
}

// queueID reads the id of a letter in the queue. No letter has 0, which as a filter would be all of them.
func queueID(s string) (outbox.ID, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 1 {
		return 0, fmt.Errorf("%q is no id; haven admin queue list shows them", s)
	}
	return outbox.ID(id), nil
}

func queueList(ctx context.Context, h *house, c *adminCall) error {
	f, err := queueFilter(c, true)
	if err != nil {
		return err
	}
	n := 0
	for {
		page, err := h.outbox.List(ctx, f)
		if err != nil {
			return err
		}
		for _, l := range page {
			n++
			sayLetter(c, l)
		}
		if len(page) == 0 {
			break
		}
		f.After = page[len(page)-1].ID
	}
	c.say("%d in the queue", n)
	return nil
}

func sayLetter(c *adminCall, l outbox.Listed) {
	from := l.From.String()
	if from == "" {
		from = "<>"
	}
	c.say("%d  %s  from %s  %d octets", l.ID, l.Created.Local().Format("2006-01-02 15:04"), from, l.Size)
	for _, r := range l.To {
		c.say("    %-40s %-8s tried %d times, next %s  %s", r.Address, r.State, r.Attempts, r.Due.Local().Format("01-02 15:04"), r.Last.Text)
	}
}

func queueShow(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, 1); err != nil {
		return err
	}
	id, err := queueID(c.words[0])
	if err != nil {
		return err
	}
	l, err := h.outbox.Show(ctx, id)
	if err != nil {
		return errNotFound("letter in the queue", c.words[0], err)
	}
	sayLetter(c, l)
	return nil
}

func queueHold(ctx context.Context, h *house, c *adminCall) error {
	return queueDo(c, "held", func(f outbox.Filter) (int64, error) { return h.outbox.Hold(ctx, c.actor, f) })
}

func queueRelease(ctx context.Context, h *house, c *adminCall) error {
	return queueDo(c, "released", func(f outbox.Filter) (int64, error) { return h.outbox.Release(ctx, c.actor, f) })
}

func queueRetry(ctx context.Context, h *house, c *adminCall) error {
	return queueDo(c, "tried now", func(f outbox.Filter) (int64, error) { return h.outbox.Retry(ctx, c.actor, f) })
}

func queueDrop(ctx context.Context, h *house, c *adminCall) error {
	tell := c.flags.Bool("tell", false, "write to the senders that an operator did it")
	return queueDo(c, "dropped", func(f outbox.Filter) (int64, error) { return h.outbox.Drop(ctx, c.actor, f, *tell) })
}

// queueDo does something to chosen recipients, and says to how many.
func queueDo(c *adminCall, done string, do func(outbox.Filter) (int64, error)) error {
	f, err := queueFilter(c, false)
	if err != nil {
		return err
	}
	n, err := do(f)
	if err != nil {
		return err
	}
	if n == 0 {
		c.say("No recipient was %s: none is like that now; haven admin queue list shows what there is. What is being sent at this moment is left alone.", done)
		return nil
	}
	c.say("%d recipients %s", n, done)
	return nil
}

func dnsShow(_ context.Context, h *house, c *adminCall) error {
	if err := c.need(0, 1); err != nil {
		return err
	}
	domains := h.conf.Service.Domains
	if len(c.words) == 1 {
		domains = c.words
	}
	for _, d := range domains {
		records, err := h.signer.DNSRecords(d, h.conf.Service.Hostname)
		if err != nil {
			return err
		}
		for _, r := range append(records, programRecords(d, h.conf)...) {
			c.say("; %s\n%s. IN %s %s", r.Why, r.Name, r.Type, zoneValue(r.Type, r.Value))
		}
	}
	return nil
}

// programRecords are the records by which mail programs find a domain's servers (RFC 6186 §3, RFC 8314 §5.1, RFC 5804 §1.8): TLS from the start before STARTTLS, and the
// word that there is no POP.
func programRecords(domain string, conf *config.Loaded) (all []authn.Record) {
	imap, submission := conf.ProgramHosts()
	for _, s := range []struct{ name, priority, addr, host, why string }{
		{"_imaps", "0", conf.Listen.IMAPS, imap, "Mail programs find where to read."},
		{"_imap", "10", conf.Listen.IMAP, imap, "The same, with STARTTLS."},
		{"_sieve", "0", conf.Listen.Managesieve, imap, "Programs find where filters are kept."},
		{"_submissions", "0", conf.Listen.Submissions, submission, "Mail programs find where to send."},
		{"_submission", "10", conf.Listen.Submission, submission, "The same, with STARTTLS."},
	} {
		_, port, err := net.SplitHostPort(s.addr)
		if err != nil || port == "0" { // not served, or at a port that nobody knows beforehand
			continue
		}
		all = append(all, authn.Record{Name: s.name + "._tcp." + domain, Type: "SRV", Value: s.priority + " 1 " + port + " " + s.host + ".", Why: s.why})
	}
	return append(all, authn.Record{Name: "_pop3s._tcp." + domain, Type: "SRV", Value: "0 0 0 .", Why: "There is no POP here."})
}

// zoneValue is a value as zone files have it: text in quotes, in strings of at most 255 octets (RFC 1035 §3.3, §5.1).
func zoneValue(kind, value string) string {
	if kind != "TXT" {
		return value
	}
	var parts []string
	for len(value) > 255 {
		parts, value = append(parts, strconv.Quote(value[:255])), value[255:]
	}
	return strings.Join(append(parts, strconv.Quote(value)), " ")
}

func auditVerify(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(0, 1); err != nil {
		return err
	}
	var kept []audit.Head
	if len(c.words) == 1 {
		var err error
		if kept, err = keptHeads(c.std.in, maxHeads); err != nil {
			return err
		}
		if len(kept) == 0 {
			return fmt.Errorf("%s holds no line with \"audit head\"; name the service's log, such as what journalctl -u haven prints", c.words[0])
		}
	}
	r, err := audit.Verify(ctx, h.db, note.VerifierList(h.verifier), kept...)
	if err != nil {
		return err
	}
	for _, f := range r.Faults {
		c.say("record %d: %s", f.N, f.What)
	}
	if len(r.Faults) > 0 {
		return fmt.Errorf("the audit log was altered in %d places; keep this machine as it is, and compare with a back-up", len(r.Faults))
	}
	c.say("%d records, all as they were written; %d wait to be sealed", r.Head.N, r.Waiting)
	if len(kept) > 0 {
		c.say("%d heads from the log are in the chain", len(kept))
	}
	return nil
}

func auditAbout(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	const most = 100
	list, err := audit.About(ctx, h.db, a.ID, most)
	names := h.namer(ctx)
	for _, e := range list {
		c.say("%s  %-34s by %s%s  %s", e.At.Local().Format(time.DateTime), e.What, names(e.Actor.Person), concerning(e, names), e.Note)
	}
	if len(list) == most {
		c.say("older records are not shown")
	}
	return err
}

// concerning says through what, as whom and on what a thing was done.
func concerning(e audit.Sealed, names func(haven.AccountID) string) string {
	text := ""
	if e.Actor.Program != "" {
		text += " (" + e.Actor.Program + ")"
	}
	if !e.Actor.As.IsZero() && e.Actor.As != e.Actor.Person {
		text += " as " + names(e.Actor.As)
	}
	if !e.On.IsZero() && e.On != e.Actor.As {
		text += " on " + names(e.On)
	}
	if !e.Other.IsZero() {
		text += " with " + names(e.Other)
	}
	return text
}

// namer finds the address of an account by its id, each once; the id itself where the account is gone.
func (h *house) namer(ctx context.Context) func(haven.AccountID) string {
	known := map[haven.AccountID]string{{}: "the service"}
	return func(id haven.AccountID) string {
		if _, ok := known[id]; !ok {
			known[id] = id.String()
			if a, err := h.accounts.ByID(ctx, id); err == nil {
				known[id] = a.Address.String()
			}
		}
		return known[id]
	}
}
