package organisation

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// ContactReport is what an import of contacts would do, or did (Rules 1).
type ContactReport struct {
	Reading
	Items   []ContactItem // what changes, in the order of the file
	Active  int           // active premises
	Without int           // of them, those that lack an e-mail or a number afterwards: they can't register by themselves
}

// ContactItem is one premises whose contact changes. E-mails are masked.
type ContactItem struct {
	Line   int
	Change Change
	Code   Code
	Name   string
	Was    string // the e-mail before
	Now    string
	Number bool // the GPhC number becomes another
}

// contactEntry is one line that was understood.
type contactEntry struct {
	line int
	code Code
	say  Contact
	org  *Organisation
	had  Contact
	off  bool // refused since it was read
}

// PreviewContacts reads a list of contacts (a header that names the columns ODS code, e-mail, GPhC number, source and
// date, in any order) and says what ApplyContacts would do. Each line is judged by itself. It changes nothing.
func (s *Service) PreviewContacts(ctx context.Context, r io.Reader) (ContactReport, error) {
	rep, _, err := s.planContacts(ctx, r)
	return rep, err
}

// ApplyContacts does what PreviewContacts said, in steps of bounded size; it may be stopped and run again, and a second
// run changes nothing. progress is called after each step and may be nil. The values that were replaced last are kept,
// with their source and date.
func (s *Service) ApplyContacts(ctx context.Context, actor haven.Actor, r io.Reader, progress func(done, total int)) (ContactReport, error) {
	rep, todo, err := s.planContacts(ctx, r)
	if err != nil {
		return rep, err
	}
	for done := 0; done < len(todo); {
		step := todo[done:min(done+s.policy.StepRows, len(todo))]
		if err := s.applyContacts(ctx, actor, rep.Items[done:done+len(step)], step); err != nil {
			return rep, err
		}
		done += len(step)
		if progress != nil {
			progress(done, len(todo))
		}
	}
	return rep, nil
}

func (s *Service) applyContacts(ctx context.Context, actor haven.Actor, items []ContactItem, step []contactEntry) error {
	now := s.clock.Now()
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := takeIDs(tx, 0); err != nil {
			return err
		}
		for i, e := range step {
			sql := sqlPutContact
			if items[i].Change == Confirmed {
				sql = sqlConfirmContact
			}
			tx.Exec(sql, int64(e.org.ID), e.say.Email.String(), e.say.GPhC, e.say.Source, int64(e.say.Stated), now.UnixMicro())
			if items[i].Change == Altered {
				audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "organisation.contact-changed", Rule: "premises.contact", Note: string(e.code)})
			}
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "organisation.contacts-imported", Rule: "premises.contact", Note: fmt.Sprintf("%d rows", len(step))})
		return nil
	})
}

// planContacts reads the file, compares, and returns what is to be written beside ContactReport.Items, one for one.
func (s *Service) planContacts(ctx context.Context, r io.Reader) (ContactReport, []contactEntry, error) {
	rep := ContactReport{Reading: Reading{Counts: make(map[Change]int)}}
	entries, err := s.readContacts(r, &rep)
	if err != nil {
		return rep, nil, err
	}
	orgs, err := s.known(ctx)
	if err != nil {
		return rep, nil, err
	}
	have, err := s.knownContacts(ctx)
	if err != nil {
		return rep, nil, err
	}
	entries = s.match(&rep, entries, orgs, have)
	s.share(&rep, entries, orgs, have)
	todo := make([]contactEntry, 0, len(entries))
	for _, e := range entries {
		if e.off {
			continue
		}
		c, _ := ContactChange(e.had, e.say)
		have[e.org.ID] = e.say
		if e.org.Status != Active {
			rep.Doubtful = append(rep.Doubtful, Refusal{e.line, fmt.Sprintf("%s is %s", e.code, e.org.Status)})
		}
		if c == Unchanged {
			rep.Same++
			continue
		}
		rep.Counts[c]++
		rep.Items = append(rep.Items, ContactItem{Line: e.line, Change: c, Code: e.code, Name: e.org.Name, Was: Masked(e.had.Email),
			Now: Masked(e.say.Email), Number: e.had.GPhC != e.say.GPhC})
		todo = append(todo, e)
	}
	rep.count(orgs, have)
	rep.sort()
	return rep, todo, nil
}

// match finds the premises of each line and what is known of it. A line that leaves a value empty leaves it as it is.
func (s *Service) match(rep *ContactReport, entries []contactEntry, orgs map[Code]*Organisation, have map[ID]Contact) []contactEntry {
	kept := entries[:0]
	for _, e := range entries {
		e.org = orgs[e.code]
		if e.org == nil || e.org.Kind != Pharmacy {
			rep.refuse(s.policy.Refusals, e.line, "%s is no premises here; import the national list first", e.code)
			continue
		}
		e.had = have[e.org.ID]
		if e.say.Email.IsNull() {
			e.say.Email = e.had.Email
		}
		if e.say.GPhC == "" {
			e.say.GPhC = e.had.GPhC
		}
		if _, v := ContactChange(e.had, e.say); !v.Allowed {
			rep.refuse(s.policy.Refusals, e.line, "%s", v.Reason)
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

// share refuses the lines that would give a premises what is another's (claims). Each is refused once, so that it ends.
func (s *Service) share(rep *ContactReport, entries []contactEntry, orgs map[Code]*Organisation, have map[ID]Contact) {
	cs, listed := claims{of: make(map[string]*claim)}, make(map[Code]bool)
	for _, e := range entries {
		c, _ := ContactChange(e.had, e.say)
		listed[e.code] = c == Altered || c == Added
	}
	for _, code := range slices.Sorted(maps.Keys(orgs)) {
		if c, ok := have[orgs[code].ID]; ok && !listed[code] {
			cs.hold(orgs[code], c)
		}
	}
	var lost []int
	for i := range entries {
		e := &entries[i]
		if !listed[e.code] {
			continue
		}
		if v := cs.take(i, e.org, e.say); !v.Allowed {
			e.off = true
			rep.refuse(s.policy.Refusals, e.line, "%s", v.Reason)
			lost = append(lost, cs.hold(e.org, e.had)...)
		}
	}
	for len(lost) > 0 {
		e := &entries[lost[len(lost)-1]]
		lost = lost[:len(lost)-1]
		if !e.off {
			e.off = true
			rep.refuse(s.policy.Refusals, e.line, "gives what another premises keeps, since the line about that one is refused")
			lost = append(lost, cs.hold(e.org, e.had)...)
		}
	}
}

// count tells how many active premises can register by themselves.
func (r *ContactReport) count(orgs map[Code]*Organisation, have map[ID]Contact) {
	for _, o := range orgs {
		if o.Kind != Pharmacy || o.Status != Active {
			continue
		}
		r.Active++
		if c := have[o.ID]; c.Email.IsNull() || c.GPhC == "" || !StillHolds(*o, c) {
			r.Without++
		}
	}
}

// knownContacts reads all contacts, in short snapshots.
func (s *Service) knownContacts(ctx context.Context) (map[ID]Contact, error) {
	const chunk = 2000
	all, last := make(map[ID]Contact), int64(-1)
	for {
		n := 0
		err := s.db.Read(ctx, func(tx *db.Tx) error {
			n = 0
			return tx.Query(sqlContacts, []any{last, int64(chunk)}, func(r db.Row) error {
				n, last = n+1, r.Int64(9)
				all[ID(last)] = scanContact(r)
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
		if n < chunk {
			return all, nil
		}
	}
}

func (s *Service) readContacts(r io.Reader, rep *ContactReport) (entries []contactEntry, err error) {
	var cols []int
	seen, today := make(map[Code]int), DateOf(s.clock.Now())
	e := s.eachLine(r, func(n int, line string, long bool) {
		switch {
		case err != nil:
		case cols == nil && long:
			err = errNoHeader
		case cols == nil:
			cols, err = contactHeader(line)
		case long:
			rep.Lines++
			rep.refuse(s.policy.Refusals, n, "the line is longer than %d octets", s.policy.LineOctets)
		default:
			rep.Lines++
			entries = s.takeContact(rep, entries, seen, n, line, cols, today)
		}
	})
	if e != nil {
		err = e
	}
	return entries, err
}

func (s *Service) takeContact(rep *ContactReport, entries []contactEntry, seen map[Code]int, n int, line string, cols []int, today Date) []contactEntry {
	e, err := parseContact(line, cols, today)
	if err != nil {
		rep.refuse(s.policy.Refusals, n, "%v", err)
		return entries
	}
	if i, twice := seen[e.code]; !twice {
		seen[e.code] = len(entries)
	} else {
		if entries[i].say == e.say {
			rep.Repeated++
		} else {
			rep.refuse(s.policy.Refusals, n, "line %d says something else about %s", entries[i].line, e.code)
		}
		return entries
	}
	e.line = n
	return append(entries, e)
}

// contactColumns are what the header has to name, in the order of parseContact: letters alone, since nobody writes them alike.
var contactColumns = []string{"odscode", "email", "gphcnumber", "source", "date"}

var errNoHeader = errs.E(errs.Invalid, "The first line names the columns: ODS code, e-mail, GPhC number, source, date. Put it there, and run it again.")

// contactHeader finds the columns in the file's first line; others than those it needs are not used.
func contactHeader(line string) ([]int, error) {
	fields, err := splitLine(line)
	if err != nil {
		return nil, errNoHeader
	}
	cols := make([]int, len(contactColumns), len(contactColumns)+1)
	for i, want := range contactColumns {
		cols[i] = -1
		for j, f := range fields {
			if onlyLetters(f) != want {
				continue
			}
			if cols[i] >= 0 {
				return nil, errNoHeader
			}
			cols[i] = j
		}
		if cols[i] < 0 {
			return nil, errNoHeader
		}
	}
	return append(cols, len(fields)), nil
}

func onlyLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// parseContact reads one line. The error says in words what is wrong with it, and no value but the code.
func parseContact(line string, cols []int, today Date) (e contactEntry, err error) {
	fields, err := splitLine(line)
	if err != nil {
		return e, err
	}
	if want := cols[len(cols)-1]; len(fields) != want {
		return e, fmt.Errorf("has %d fields, and the header %d", len(fields), want)
	}
	f := make([]string, len(contactColumns))
	for i := range f {
		if f[i] = strings.Join(strings.Fields(fields[cols[i]]), " "); !isPlain(f[i]) || len(f[i]) > longestField {
			return e, fmt.Errorf("the %s is too long or holds something that can't be shown", contactNames[i])
		}
	}
	code, v := ParseCode(Pharmacy, f[0])
	if !v.Allowed {
		return e, fmt.Errorf("%q is no ODS code of a pharmacy", f[0])
	}
	e.code, e.say.Source = code, f[3]
	if f[1] == "" && f[2] == "" {
		return e, fmt.Errorf("gives neither an e-mail nor a GPhC number of %s", code)
	}
	if f[1] != "" {
		if e.say.Email, v = ParseEmail(f[1]); !v.Allowed {
			return e, fmt.Errorf("gives no e-mail address of %s", code)
		}
	}
	if f[2] != "" {
		if e.say.GPhC, v = ParseGPhC(f[2]); !v.Allowed {
			return e, fmt.Errorf("gives no GPhC number of %s: seven digits, the first a 1", code)
		}
	}
	if e.say.Source == "" {
		return e, fmt.Errorf("does not say from where it is (source)")
	}
	var ok bool
	if e.say.Stated, ok = ParseDate(strings.ReplaceAll(f[4], "-", "")); !ok || e.say.Stated == 0 || e.say.Stated > today {
		return e, fmt.Errorf("%q is no day up to today (2025-04-30)", f[4])
	}
	return e, nil
}

var contactNames = []string{"ODS code", "e-mail", "GPhC number", "source", "date"}
