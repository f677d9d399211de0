package jmap

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/work"
)

// workItems is the type WorkItem: the handling of one Thread, under its id.
type workItems struct {
	takeOver map[string]bool
	notes    map[string]string // by item
}

var workItemShape = Shape{
	{"id", "ThreadId", ServerSet, "of the Thread that it is about"},
	{"status", `"new" | "handled" | "done"`, 0, ""},
	{"handledBy", "AccountId | null", 0, "who handles it: the id of the person's own account"},
	{"handledByName", "string | null", ServerSet, ""},
	{"since", "UTCDate | null", ServerSet, "when it came to be so"},
	{"doneBy", "AccountId | null", ServerSet, ""},
	{"doneByName", "string | null", ServerSet, ""},
	{"answeredBy", "AccountId | null", ServerSet, "who sent the account's last message in the Thread"},
	{"answeredByName", "string | null", ServerSet, ""},
	{"answeredAt", "UTCDate | null", ServerSet, ""},
	{"category", "string | null", 0, `up to 40 of a-z, 0-9 and "-"`},
}

var workItemProperties = workItemShape.names()

func (workItems) Properties() (all, usual []string) { return workItemProperties, workItemProperties }

func (workItems) State(c *call, v mailbox.Viewer) (string, error) { return c.workState(v, work.Items) }

// All are those of which something was said.
func (workItems) All(c *call, v mailbox.Viewer) ([]string, error) {
	threads, err := c.work().Said(c.ctx, v, c.srv.o.Policy.Get+1)
	return idsOf(threads, threadID), err
}

func (workItems) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	var threads []haven.MessageID
	for _, id := range ids {
		if t := messageOf(id, "T"); t != 0 {
			threads = append(threads, t)
		}
	}
	var items []work.Item
	if err := c.work().Items(c.ctx, v, threads, func(it work.Item) { items = append(items, it) }); err != nil {
		return err
	}
	of, err := c.faces(peopleIn(items))
	for _, it := range items {
		add(threadID(it.Thread), of.item(it))
	}
	return err
}

func peopleIn(items []work.Item) (nos []haven.AccountNo) {
	for _, it := range items {
		nos = append(nos, it.Holder, it.DoneBy, it.AnsweredBy)
	}
	return nos
}

func (f faces) item(it work.Item) record {
	r := record{"status": it.Status.String(), "since": dateOrNull(it.Since), "answeredAt": dateOrNull(it.AnsweredAt), "category": nil}
	if it.Category != "" {
		r["category"] = it.Category
	}
	f.put(r, "handledBy", it.Holder)
	f.put(r, "doneBy", it.DoneBy)
	f.put(r, "answeredBy", it.AnsweredBy)
	return r
}

func (workItems) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	return c.workChanges(v, work.Items, since, most, itemID)
}

// workItemSet is WorkItem/set with its arguments takeOver and handOverNotes.
func workItemSet(c *call) (any, error) {
	t := workItems{takeOver: map[string]bool{}, notes: map[string]string{}}
	for _, id := range c.args.IDs("takeOver") {
		t.takeOver[id] = true
	}
	if o := c.args.Object("handOverNotes"); o != nil {
		for _, id := range o.Names() {
			t.notes[id] = o.String(id)
		}
		c.args.Take("handOverNotes", o)
	}
	return c.set(t)
}

func (workItems) Hold(_ *call, v mailbox.Viewer, at mailbox.State) *mailbox.Held {
	return work.Hold(v.Account, work.Items, at)
}

func (t workItems) Set(c *call, v mailbox.Viewer, s *setting) error {
	for _, x := range s.Create {
		s.NotCreated(x.CID, errSingleton)
	}
	for _, id := range s.Destroy {
		s.NotDestroyed(id, errSingleton)
	}
	for _, x := range s.Update {
		if err := t.update(c, v, s, x); err != nil {
			s.NotUpdated(x.ID, err)
		}
	}
	return nil
}

func (t workItems) update(c *call, v mailbox.Viewer, s *setting, x updating) error {
	thread := messageOf(x.ID, "T")
	if thread == 0 {
		return errNotFound
	}
	w, err := c.wish(v, x.Patch)
	if err != nil {
		return err
	}
	w.TakeOver, w.Note = t.takeOver[x.ID], t.notes[x.ID]
	it, err := c.work().Update(c.ctx, v, thread, w)
	if err != nil {
		return c.refusedItem(it, err)
	}
	of, err := c.faces(peopleIn([]work.Item{it}))
	if err != nil {
		return err
	}
	r := of.item(it)
	for _, name := range x.Patch.Properties() {
		if said := x.Patch.Whole(name); name != "handledBy" || !strings.HasPrefix(string(said), `"P`) {
			delete(r, name) // it is as the client said
		}
	}
	s.Updated(x.ID, r)
	return nil
}

// refusedItem adds who has it, and since when, to a refusal because of that.
func (c *call) refusedItem(it work.Item, err error) error {
	at := "handledBy"
	if hasRule(err, string(work.RuleCategory)) {
		at = "category"
	}
	e := workError(err, at)
	if e.Type != "claimedByOther" && e.Type != "doneAlready" {
		return e
	}
	of, ferr := c.faces(peopleIn([]work.Item{it}))
	if ferr != nil {
		return ferr
	}
	r := of.item(it)
	e.extra = record{"status": r["status"], "handledBy": r["handledBy"], "handledByName": r["handledByName"], "doneBy": r["doneBy"], "doneByName": r["doneByName"], "since": r["since"]}
	return e
}

// wish reads a patch: status, handledBy, category. Who handles it says its status, where that is not said.
func (c *call) wish(v mailbox.Viewer, p patch) (w work.Wish, err error) {
	if err := p.Only("status", "handledBy", "category"); err != nil {
		return w, err
	}
	bad := &badMembers{}
	text := func(name string) (string, bool) {
		raw := p.Whole(name)
		if raw == nil {
			if slices.Contains(p.Properties(), name) {
				bad.add(name, "has no members")
			}
			return "", false
		}
		var s *string
		if err := json.Unmarshal(raw, &s); err != nil {
			bad.add(name, "must be a string or null")
		}
		if s == nil {
			return "", true
		}
		return *s, true
	}
	status, said := text("status")
	holder, named := text("handledBy")
	if category, ok := text("category"); ok {
		w.Category = &category
	}
	w.Move = said || named
	switch {
	case said:
		if w.Status, said = work.ParseStatus(status); !said {
			bad.add("status", "must be new, handled or done")
		}
	case holder != "":
		w.Status = work.Handled
	}
	if w.Holder, err = c.personOf(holder); err != nil {
		return w, err
	}
	switch {
	case holder == "" && w.Status == work.Handled && named:
		bad.add("handledBy", "must name somebody where the status is handled")
	case holder == "" && w.Status == work.Handled:
		w.Holder = v.Person
	case holder != "" && w.Status != work.Handled:
		bad.add("handledBy", "must be null unless the status is handled")
	}
	if bad.names != nil {
		return w, bad
	}
	return w, nil
}

// workItemQuery is WorkItem/query with its argument calculateCounts.
func workItemQuery(c *call) (any, error) {
	return c.query(countedItems{workItems{}, c.args.Bool("calculateCounts", false)})
}

// countedItems answers a query with how many there are in each view too.
type countedItems struct {
	workItems
	count bool
}

func (t countedItems) Query(c *call, v mailbox.Viewer, q asking) (found, error) {
	f, folder, err := t.query(c, v, q)
	if err != nil || !t.count {
		return f, err
	}
	n, err := c.work().Count(c.ctx, v, folder)
	f.Extra = record{"counts": record{"unassigned": n.Unassigned, "mine": n.Mine, "others": n.Others, "done": n.Done}}
	return f, err
}

func (t workItems) query(c *call, v mailbox.Viewer, q asking) (found, haven.MailboxNo, error) {
	f, ascending, err := c.workFilter(v, q)
	if err != nil {
		return found{}, 0, err
	}
	l, err := c.work().List(c.ctx, v, f)
	if ascending {
		slices.Reverse(l.Threads)
	}
	return found{State: workQueryState(l.States), IDs: threadNames(l.Threads), Calculate: true}, f.Folder, err
}

func threadNames(threads []haven.MessageID) names { return names(idsOf(threads, threadID)) }

// workQueryState names how far items, deadlines and messages had come.
func workQueryState(st work.States) string {
	return strings.Join([]string{strconv.FormatInt(int64(st.Seqs[work.Items]), 36), strconv.FormatInt(int64(st.Seqs[work.Deadlines]), 36),
		strconv.FormatInt(int64(st.Mail), 36), strconv.FormatUint(uint64(st.Epoch), 36)}, "-")
}

var workViews = map[string]work.View{"all": work.Everything, "unassigned": work.Unassigned, "mine": work.Mine, "others": work.Others, "done": work.Finished}

// workFilter reads the one condition and the one order that are supported.
func (c *call) workFilter(v mailbox.Viewer, q asking) (f work.Filter, ascending bool, err error) {
	if q.Filter != nil {
		o := q.Filter.Condition
		if o == nil {
			return f, false, fail("unsupportedFilter", "Give one condition, without operators.")
		}
		if s, ok := o.OptString("view"); ok {
			if f.View, ok = workViews[s]; !ok {
				o.Bad("view", "must be all, unassigned, mine, others or done")
			}
		}
		if id := o.ID("inMailbox"); id != "" {
			if f.Folder = folderOf(c.accountID(v), id); f.Folder == 0 {
				o.Bad("inMailbox", "is no Mailbox")
			}
		}
		f.Category, f.DueBy = o.String("category"), o.UTCDate("dueBefore")
		if err := conditionDone(o); err != nil {
			return f, false, err
		}
	}
	f.ByDue, ascending, err = workOrder(q)
	return f, ascending, err
}

func workOrder(q asking) (byDue, ascending bool, err error) {
	if len(q.Sort) == 0 {
		return false, false, nil
	}
	s := q.Sort[0]
	if len(q.Sort) == 1 && s.Object.Done() == nil {
		switch {
		case s.Property == "receivedAt":
			return false, !s.Descending, nil
		case s.Property == "dueAt" && !s.Descending:
			return true, false, nil
		}
	}
	return false, false, fail("unsupportedSort", "WorkItems are sorted by receivedAt, or by dueAt ascending.")
}

func (t workItems) QueryChanges(c *call, v mailbox.Viewer, q asking, since string) (delta, error) {
	parts := strings.Split(since, "-")
	var seqs [4]int64
	for i, p := range parts {
		if len(parts) != len(seqs) {
			return delta{}, errCantCalculate
		}
		var err error
		if seqs[i], err = strconv.ParseInt(p, 36, 64); err != nil || seqs[i] < 0 {
			return delta{}, errCantCalculate
		}
	}
	now, _, err := t.query(c, v, q)
	if err != nil {
		return delta{}, err
	}
	touched, err := c.touchedItems(v, seqs)
	if err != nil {
		return delta{}, lostState(err)
	}
	return delta{found: now, Touched: idsOf(touched, threadID)}, nil
}

// touchedItems are the threads of which item, deadlines or messages changed after a query.
func (c *call) touchedItems(v mailbox.Viewer, seqs [4]int64) (threads []haven.MessageID, err error) {
	at := func(seq int64) mailbox.Point {
		return mailbox.Point{State: mailbox.State{Seq: haven.Seq(seq), Epoch: uint32(seqs[3])}, Origin: haven.Seq(seq)}
	}
	items, err := c.work().Changes(c.ctx, v, work.Items, at(seqs[0]), 0)
	if err != nil {
		return nil, err
	}
	for _, n := range slices.Concat(items.Created, items.Updated) {
		threads = append(threads, haven.MessageID(n))
	}
	deadlines, err := c.work().Changes(c.ctx, v, work.Deadlines, at(seqs[1]), 0)
	if err != nil {
		return nil, err
	}
	ids := idsOf(slices.Concat(deadlines.Created, deadlines.Updated), deadlineID)
	if err := c.work().Deadlines(c.ctx, v, seqsOf(ids, "D"), func(d work.Deadline) { threads = append(threads, d.Thread) }); err != nil {
		return nil, err
	}
	mail, err := c.srv.o.Mail.Since(c.ctx, v, at(seqs[2]), 0)
	if err != nil {
		return nil, err
	}
	of, err := c.srv.o.Mail.ThreadsOf(c.ctx, v, slices.Concat(mail.Created, mail.Updated, mail.Destroyed))
	for _, thread := range of {
		threads = append(threads, thread)
	}
	return threads, err
}
