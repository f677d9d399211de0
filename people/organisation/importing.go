package organisation

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// Reading is what became of the lines of a file.
type Reading struct {
	Lines    int // lines that hold anything, a header left out
	Same     int
	Repeated int // lines that say once more what another said
	Refused  int
	Counts   map[Change]int
	Refusals []Refusal // the first of them; Refused counts all
	Doubtful []Refusal // taken, and worth a look
}

// Report is what an import of premises would do, or did (Rules 1).
type Report struct {
	Reading
	Active    int    // active premises before
	Items     []Item // what changes, in the order of the file
	Missing   []Item // active premises of which no line that is taken speaks, by code; they stay as they are
	mayClosed haven.Verdict
}

// Item is one premises that changes.
type Item struct {
	Line   int
	Change Change
	Code   Code
	Name   string
	Was    Code // the head office before, where that changes
	Now    Code
}

// Refusal is one line that is not taken, and why.
type Refusal struct {
	Line   int
	Reason string
}

// Allowed says whether the file may be applied without being told more: a file that closes too many premises may
// not.
func (r *Report) Allowed() haven.Verdict { return r.mayClosed }

type entry struct {
	line int
	org  Organisation
}

// Preview reads a list of premises (columns as in Rules 1) and says what Apply would do. Each line is judged by
// itself: a broken one is refused with its number, and the rest goes on. It changes nothing.
func (s *Service) Preview(ctx context.Context, r io.Reader, o Options) (Report, error) {
	rep, _, err := s.plan(ctx, r, o.AllowClosures)
	return rep, err
}

// Options of Preview and Apply.
type Options struct {
	AllowClosures bool                  // somebody looked at the closures and said that they are right
	Progress      func(done, total int) // called after each step; may be nil
}

// Apply does what Preview said, in steps of bounded size; it may be stopped and run again, and a second run
// changes nothing. It is Denied (organisation.closures) for a file that closes too many active premises. It
// takes access from nobody: a closing opens a task (Rules 1).
func (s *Service) Apply(ctx context.Context, actor haven.Actor, r io.Reader, o Options) (Report, error) {
	rep, todo, err := s.plan(ctx, r, o.AllowClosures)
	if err != nil {
		return rep, err
	}
	if v := rep.Allowed(); !v.Allowed {
		return rep, account.Refusal(errs.Denied, v)
	}
	for done := 0; done < len(todo); {
		step := todo[done:min(done+s.policy.StepRows, len(todo))]
		if err := s.applyStep(ctx, actor, rep.Items[done:done+len(step)], step); err != nil {
			return rep, err
		}
		done += len(step)
		if o.Progress != nil {
			o.Progress(done, len(todo))
		}
	}
	return rep, nil
}

// recorded are the changes that have an audit record each.
var recorded = map[Change]string{Closing: "organisation.closing", Resting: "organisation.pending", ReHomed: "organisation.re-homed"}

func (s *Service) applyStep(ctx context.Context, actor haven.Actor, items []Item, step []entry) error {
	now := s.clock.Now()
	return s.db.Write(ctx, func(tx *db.Tx) error {
		first, err := takeIDs(tx, len(step))
		if err != nil {
			return err
		}
		var written []Organisation
		err = tx.QueryEach(sqlImport, len(step), func(i int) []any {
			o := step[i].org
			o.ID = ID(first + int64(i)) // not used where the code is there already
			return putArgs(o, now)
		}, func(_ int, r db.Row) error { written = append(written, scan(r)); return nil })
		if err != nil {
			return err
		}
		for _, o := range written {
			index(tx, o, int64(o.ID) >= first)
		}
		for _, it := range items {
			if what := recorded[it.Change]; what != "" {
				audit.Record(tx, audit.Entry{At: now, Actor: actor, What: what, Rule: "organisation.import", Note: fmt.Sprintf("%s %s %s", it.Code, it.Was, it.Now)})
			}
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "organisation.imported", Rule: "organisation.import", Note: fmt.Sprintf("%d rows", len(step))})
		return nil
	})
}

// plan reads the file, compares, and returns what is to be written beside Report.Items, one for one.
func (s *Service) plan(ctx context.Context, r io.Reader, told bool) (Report, []entry, error) {
	rep := Report{Reading: Reading{Counts: make(map[Change]int)}}
	entries, err := s.readFile(r, &rep)
	if err != nil {
		return rep, nil, err
	}
	have, err := s.known(ctx)
	if err != nil {
		return rep, nil, err
	}
	today, todo := DateOf(s.clock.Now()), entries[:0]
	for _, e := range entries {
		old := have[e.org.Code]
		if old != nil && old.Kind != Pharmacy {
			rep.refuse(s.policy.Refusals, e.line, "%s is a %s here and no pharmacy", old.Code, old.Kind)
			continue
		}
		delete(have, e.org.Code)
		rep.doubt(e, today)
		if rep.compare(e, old) {
			todo = append(todo, e)
		}
	}
	rep.missed(have)
	rep.sort()
	rep.mayClosed = MayClose(rep.Counts[Closing]+rep.Counts[Resting], rep.Active, told, s.policy)
	return rep, todo, nil
}

// compare counts what the file's line changes, and reports whether it changes anything.
func (r *Report) compare(e entry, old *Organisation) bool {
	if old != nil && old.Status == Active {
		r.Active++
	}
	c := ChangeOf(old, e.org)
	if c == Unchanged {
		r.Same++
		return false
	}
	r.Counts[c]++
	it := Item{Line: e.line, Change: c, Code: e.org.Code, Name: e.org.Name, Now: e.org.Parent}
	if old != nil {
		it.Was = old.Parent
	}
	r.Items = append(r.Items, it)
	return true
}

// missed counts the active premises of which the file says nothing.
func (r *Report) missed(rest map[Code]*Organisation) {
	for _, o := range rest {
		if o.Kind == Pharmacy && o.Status == Active {
			r.Active++
			r.Missing = append(r.Missing, Item{Code: o.Code, Name: o.Name})
		}
	}
	slices.SortFunc(r.Missing, func(a, b Item) int { return strings.Compare(string(a.Code), string(b.Code)) })
}

func (r *Report) doubt(e entry, today Date) {
	if e.org.Status == Active && e.org.Closed != 0 && e.org.Closed <= today {
		r.Doubtful = append(r.Doubtful, Refusal{e.line, fmt.Sprintf("%s is active and has the closing date %s", e.org.Code, e.org.Closed)})
	}
}

// known reads all that has a code, of whatever kind, in short snapshots.
func (s *Service) known(ctx context.Context) (map[Code]*Organisation, error) {
	const chunk = 2000
	all, last := make(map[Code]*Organisation), ""
	for {
		var got []Organisation
		err := s.db.Read(ctx, func(tx *db.Tx) error {
			got = got[:0]
			return tx.Query(sqlChunk, []any{last, int64(chunk)}, func(r db.Row) error {
				got = append(got, scan(r))
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
		for _, o := range got {
			all[o.Code] = &o
		}
		if len(got) < chunk {
			return all, nil
		}
		last = string(got[len(got)-1].Code)
	}
}

// readFile reads every line by itself. The error is eachLine's.
func (s *Service) readFile(r io.Reader, rep *Report) (entries []entry, err error) {
	seen := make(map[Code]int) // index in entries
	err = s.eachLine(r, func(n int, line string, long bool) {
		rep.Lines++
		if long {
			rep.refuse(s.policy.Refusals, n, "the line is longer than %d octets", s.policy.LineOctets)
			return
		}
		entries = s.take(rep, entries, seen, n, line)
	})
	return entries, err
}

// eachLine gives the lines of a file that hold anything, with their numbers; one that is too long is told of and left
// out. The error is the reader's, or Invalid for a file too long to be one.
func (s *Service) eachLine(r io.Reader, each func(n int, line string, long bool)) error {
	limited := &io.LimitedReader{R: r, N: s.policy.FileOctets + 1}
	br := bufio.NewReaderSize(limited, max(s.policy.LineOctets, 16))
	for n := 1; ; n++ {
		line, err := readLine(br)
		if limited.N <= 0 {
			return errs.E(errs.Invalid, "The file is longer than %d MiB: it can't be a list of premises.", s.policy.FileOctets>>20)
		}
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		switch {
		case errors.Is(err, errLong):
			each(n, "", true)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return errs.Wrap(errs.Transient, err, "The file could not be read to its end.")
		case strings.TrimSpace(line) != "":
			each(n, line, false)
		}
	}
}

func (s *Service) take(rep *Report, entries []entry, seen map[Code]int, n int, line string) []entry {
	o, err := parseLine(line)
	if err != nil {
		rep.refuse(s.policy.Refusals, n, "%v", err)
		return entries
	}
	if i, twice := seen[o.Code]; !twice {
		seen[o.Code] = len(entries)
	} else {
		if entries[i].org == o {
			rep.Repeated++
		} else {
			rep.refuse(s.policy.Refusals, n, "line %d says something else about %s", entries[i].line, o.Code)
		}
		return entries
	}
	return append(entries, entry{n, o})
}

// sort puts the refusals into the order of the file.
func (r *Reading) sort() {
	slices.SortStableFunc(r.Refusals, func(a, b Refusal) int { return a.Line - b.Line })
}

func (r *Reading) refuse(most, line int, format string, args ...any) {
	r.Refused++
	if len(r.Refusals) < most {
		r.Refusals = append(r.Refusals, Refusal{line, fmt.Sprintf(format, args...)})
	}
}

var errLong = errors.New("line too long")

// readLine reads one line without its end. A line longer than the buffer is read over and errLong. The last
// line may lack its end; io.EOF comes after it.
func readLine(br *bufio.Reader) (string, error) {
	b, err := br.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = br.ReadSlice('\n')
		}
		if err == nil || errors.Is(err, io.EOF) {
			err = errLong
		}
		return "", err
	}
	if errors.Is(err, io.EOF) && len(b) > 0 {
		err = nil
	}
	return strings.TrimRight(string(b), "\r\n"), err
}
