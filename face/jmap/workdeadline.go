package jmap

import (
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/work"
	"haven/platform/errs"
)

// workDeadlines is the type WorkDeadline: until when a Thread has to be done.
type workDeadlines struct{}

var workDeadlineShape = Shape{
	{"id", "WorkDeadlineId", ServerSet, ""},
	{"threadId", "ThreadId", Required | Immutable, ""},
	{"rule", "string", Required | Immutable, "what asks for it, such as discharge-referral"},
	{"withinSeconds", "UnsignedInt", Required | CreateOnly, ""},
	{"counting", `"openDays" | "allHours"`, CreateOnly, "openDays leaves out days on which the premises is closed"},
	{"startsAt", "UTCDate", Immutable, "now, where it is not said"},
	{"warnAt", "UTCDate", ServerSet, ""},
	{"dueAt", "UTCDate", ServerSet, "when the owners are told"},
	{"headOfficeAt", "UTCDate", ServerSet, ""},
	{"localTeamAt", "UTCDate", ServerSet, ""},
	{"endedAt", "UTCDate | null", ServerSet, "null while it runs"},
	{"stage", `"warned" | "owners" | "head-office" | "local-team" | null`, ServerSet, "the last who was told"},
	{"steps", "WorkStep[]", ServerSet, "who was told when, the first before the others"},
}

var workDeadlineProperties = workDeadlineShape.names()

func (workDeadlines) Properties() (all, usual []string) {
	return workDeadlineProperties, workDeadlineProperties
}

func (workDeadlines) State(c *call, v mailbox.Viewer) (string, error) {
	return c.workState(v, work.Deadlines)
}

func (workDeadlines) All(c *call, v mailbox.Viewer) ([]string, error) {
	ids, err := c.work().DeadlinesOf(c.ctx, v, nil, c.srv.o.Policy.Get+1)
	return idsOf(ids, func(n haven.Seq) string { return deadlineID(int64(n)) }), err
}

func (workDeadlines) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	return c.work().Deadlines(c.ctx, v, seqsOf(ids, "D"), func(d work.Deadline) { add(deadlineID(int64(d.ID)), deadlineObject(d)) })
}

func deadlineObject(d work.Deadline) record {
	r := record{"threadId": threadID(d.Thread), "rule": d.Rule, "startsAt": date(d.Starts), "warnAt": date(d.Stages.Warn), "dueAt": date(d.Stages.Due),
		"headOfficeAt": date(d.Stages.HeadOffice), "localTeamAt": date(d.Stages.LocalTeam), "endedAt": dateOrNull(d.EndedAt), "stage": nil}
	if d.Told > 0 {
		r["stage"] = work.Stage(d.Told).String()
	}
	steps := []record{}
	for _, s := range d.Steps {
		steps = append(steps, record{"stage": s.Stage.String(), "at": date(s.At), "texts": s.Texts, "letters": s.Letters})
	}
	r["steps"] = steps
	return r
}

func (workDeadlines) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	return c.workChanges(v, work.Deadlines, since, most, deadlineID)
}

var errOnlyDone = &errs.Error{Kind: errs.Denied, Rule: string(work.RuleOnlyDone), Say: "Only done ends a deadline. Mark the thread as done."}

func (workDeadlines) Hold(_ *call, v mailbox.Viewer, at mailbox.State) *mailbox.Held {
	return work.Hold(v.Account, work.Deadlines, at)
}

func (t workDeadlines) Set(c *call, v mailbox.Viewer, s *setting) error {
	for _, x := range s.Create {
		if err := t.create(c, v, s, x); err != nil {
			s.NotCreated(x.CID, err)
		}
	}
	there := map[string]bool{}
	var ids []string
	for _, x := range s.Update {
		ids = append(ids, x.ID)
	}
	err := t.Read(c, v, append(ids, s.Destroy...), properties{}, func(id string, _ any) { there[id] = true })
	if err != nil {
		return err
	}
	kept := func(id string) error {
		if !there[id] {
			return errNotFound
		}
		return workError(errOnlyDone)
	}
	for _, id := range ids {
		s.NotUpdated(id, kept(id))
	}
	for _, id := range s.Destroy {
		s.NotDestroyed(id, kept(id))
	}
	return nil
}

var countings = map[string]work.Counting{"openDays": work.OpenDays, "allHours": work.AllHours}

func (workDeadlines) create(c *call, v mailbox.Viewer, s *setting, x creating) error {
	o := x.Object
	o.Require("threadId", "rule", "withinSeconds")
	within, _ := o.OptUnsigned("withinSeconds")
	st := work.Start{Thread: messageOf(o.String("threadId"), "T"), Rule: o.String("rule"), Starts: o.UTCDate("startsAt"), Within: time.Duration(min(within, 1<<32)) * time.Second}
	if word, ok := o.OptString("counting"); ok {
		if st.Counts, ok = countings[word]; !ok {
			o.Bad("counting", "must be openDays or allHours")
		}
	}
	if err := o.Done(); err != nil {
		return err
	}
	d, err := c.work().SetDeadline(c.ctx, v, st)
	if err != nil {
		return threadError(err, "rule", "withinSeconds", "startsAt")
	}
	r := deadlineObject(d)
	delete(r, "threadId")
	delete(r, "rule")
	s.Created(x.CID, deadlineID(int64(d.ID)), r)
	return nil
}

// Query finds deadlines by threadId, by whether they run, and by when they end; the earliest end first, or of one thread in the order in which they were set.
func (t workDeadlines) Query(c *call, v mailbox.Viewer, q asking) (found, error) {
	if len(q.Sort) > 1 || len(q.Sort) == 1 && (q.Sort[0].Property != "dueAt" || q.Sort[0].Descending || q.Sort[0].Object.Done() != nil) {
		return found{}, fail("unsupportedSort", "WorkDeadlines are sorted by dueAt ascending.")
	}
	var runs, picky bool
	var by time.Time
	threads, err := c.threadCondition(q, func(o *object) {
		picky, runs, by = o.Has("isRunning"), o.Bool("isRunning", false), o.UTCDate("dueBefore")
	})
	if err != nil {
		return found{}, err
	}
	state, err := t.State(c, v)
	if err != nil {
		return found{}, err
	}
	ids, err := c.work().DeadlinesOf(c.ctx, v, threads, mostListed)
	if err != nil {
		return found{}, err
	}
	var list names
	err = c.work().DeadlinesAlone(c.ctx, v, ids, func(d work.Deadline) {
		if (!picky || d.EndedAt.IsZero() == runs) && (by.IsZero() || d.Stages.Due.Before(by)) {
			list = append(list, deadlineID(int64(d.ID)))
		}
	})
	return found{State: state, IDs: list, Calculate: true}, err
}

func (t workDeadlines) QueryChanges(c *call, v mailbox.Viewer, q asking, since string) (delta, error) {
	now, err := t.Query(c, v, q)
	if err != nil {
		return delta{}, err
	}
	ch, err := t.Changes(c, v, since, 0)
	return delta{found: now, Touched: ch.all()}, err
}
