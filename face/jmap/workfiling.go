package jmap

import (
	"slices"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/work"
	"haven/platform/errs"
)

// workFilings is the type WorkFiling: that a message was filed to a patient's record.
type workFilings struct {
	again []string // ids of messages that are filed though they were already
}

var workFilingShape = Shape{
	{"id", "WorkFilingId", ServerSet, ""},
	{"emailId", "EmailId", Required | Immutable, ""},
	{"threadId", "ThreadId", ServerSet, ""},
	{"nhsNumber", "string", Required | Immutable, "ten digits; it is refused where the last does not fit the others"},
	{"reference", "string | null", Immutable, "the number of the record at the place"},
	{"formats", `("pdf" | "eml" | "fhir")[]`, Required | Immutable, "as what it was given out"},
	{"filedBy", "AccountId | null", ServerSet, ""},
	{"filedByName", "string | null", ServerSet, ""},
	{"filedAt", "UTCDate", ServerSet, ""},
	{"keepUntil", "UTCDate", ServerSet, "the first moment at which the message need not be kept any more"},
}

var workFilingProperties = workFilingShape.names()

func (workFilings) Properties() (all, usual []string) {
	return workFilingProperties, workFilingProperties
}

func (workFilings) State(c *call, v mailbox.Viewer) (string, error) {
	return c.workState(v, work.Filings)
}

func (workFilings) All(c *call, v mailbox.Viewer) ([]string, error) {
	ids, err := c.work().FilingsOf(c.ctx, v, work.WhichFilings{Most: c.srv.o.Policy.Get + 1})
	return filingIDs(ids), err
}

func filingIDs(ids []haven.Seq) []string {
	return idsOf(ids, func(n haven.Seq) string { return filingID(int64(n)) })
}

func (workFilings) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	var all []work.Filing
	var people []haven.AccountNo
	err := c.work().Filings(c.ctx, v, seqsOf(ids, "R"), func(f work.Filing) { all, people = append(all, f), append(people, f.By) })
	if err != nil {
		return err
	}
	of, err := c.faces(people)
	for _, f := range all {
		add(filingID(int64(f.ID)), of.filing(f))
	}
	return err
}

func (f faces) filing(x work.Filing) record {
	r := record{"emailId": emailID(x.Msg), "threadId": threadID(x.Thread), "nhsNumber": string(x.Patient), "reference": nil, "formats": x.Formats,
		"filedAt": date(x.At), "keepUntil": date(x.KeepUntil)}
	if x.Reference != "" {
		r["reference"] = x.Reference
	}
	f.put(r, "filedBy", x.By)
	return r
}

func (workFilings) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	return c.workChanges(v, work.Filings, since, most, filingID)
}

// workFilingSet is WorkFiling/set with its argument again.
func workFilingSet(c *call) (any, error) {
	return c.set(workFilings{again: c.args.IDs("again")})
}

func (workFilings) Hold(_ *call, v mailbox.Viewer, at mailbox.State) *mailbox.Held {
	return work.Hold(v.Account, work.Filings, at)
}

func (t workFilings) Set(c *call, v mailbox.Viewer, s *setting) error {
	for _, x := range s.Create {
		if err := t.create(c, v, s, x); err != nil {
			s.NotCreated(x.CID, err)
		}
	}
	for _, x := range s.Update {
		s.NotUpdated(x.ID, t.update(c, v, x))
	}
	for _, id := range s.Destroy {
		if err := c.work().TakeBackFiling(c.ctx, v, numberOf(id, "R")); err != nil {
			s.NotDestroyed(id, workError(err))
			continue
		}
		s.Destroyed(id)
	}
	return nil
}

func (t workFilings) create(c *call, v mailbox.Viewer, s *setting, x creating) error {
	o := x.Object
	o.Require("emailId", "nhsNumber", "formats")
	id, _ := c.resolve(o.ID("emailId"))
	w := work.ToRecord{Msg: messageOf(id, "M"), Patient: o.String("nhsNumber"), Again: slices.Contains(t.again, id)}
	if o.Given("reference") {
		w.Reference = o.String("reference")
	}
	for _, name := range o.Strings("formats") {
		w.Formats = append(w.Formats, work.Format(name))
	}
	if err := o.Done(); err != nil {
		return err
	}
	f, before, err := c.work().FileToRecord(c.ctx, v, w)
	if err != nil {
		return c.refusedFiling(before, err)
	}
	of, err := c.faces([]haven.AccountNo{f.By})
	if err != nil {
		return err
	}
	r := of.filing(f)
	for _, name := range []string{"emailId", "formats", "reference"} {
		delete(r, name) // it is as the client said; of a number spaces are left out
	}
	s.Created(x.CID, filingID(int64(f.ID)), r)
	return nil
}

// filingFaults are the properties that are at fault by rule.
var filingFaults = map[haven.Rule]string{work.RulePatient: "nhsNumber", work.RuleReference: "reference", work.RuleFormat: "formats"}

// refusedFiling adds who filed it, and when, to a refusal because of that.
func (c *call) refusedFiling(before *work.Filing, err error) error {
	at := "emailId"
	for rule, property := range filingFaults {
		if hasRule(err, string(rule)) {
			at = property
		}
	}
	e := threadError(err, at)
	if at == "emailId" && errs.Is(err, errs.NotFound) {
		e.Properties = []string{at}
	}
	if e.Type != "filedAlready" || before == nil {
		return e
	}
	of, ferr := c.faces([]haven.AccountNo{before.By})
	if ferr != nil {
		return ferr
	}
	e.extra = record{"filedAt": date(before.At)}
	of.put(e.extra, "filedBy", before.By)
	return e
}

// update refuses: what was filed is what it is.
func (t workFilings) update(c *call, v mailbox.Viewer, x updating) error {
	if err := x.Patch.Only(); err != nil {
		return err
	}
	there := false
	if err := t.Read(c, v, []string{x.ID}, properties{}, func(string, any) { there = true }); err != nil {
		return err
	}
	if !there {
		return errNotFound
	}
	return refuse("invalidProperties", "What was filed can't be changed. Take it back and file it anew.")
}

// Query finds filings by threadId or emailId, the oldest first.
func (t workFilings) Query(c *call, v mailbox.Viewer, q asking) (found, error) {
	if len(q.Sort) > 1 || len(q.Sort) == 1 && (q.Sort[0].Property != "filedAt" || q.Sort[0].Descending || q.Sort[0].Object.Done() != nil) {
		return found{}, fail("unsupportedSort", "WorkFilings are sorted by filedAt ascending.")
	}
	w := work.WhichFilings{Most: mostListed}
	threads, err := c.threadCondition(q, func(o *object) {
		if id, ok := o.OptString("emailId"); ok {
			real, _ := c.resolve(id)
			msg := messageOf(real, "M")
			w.Msg = &msg
		}
	})
	if err != nil {
		return found{}, err
	}
	if len(threads) > 0 {
		w.Thread = &threads[0]
	}
	state, err := t.State(c, v)
	if err != nil {
		return found{}, err
	}
	ids, err := c.work().FilingsOf(c.ctx, v, w)
	return found{State: state, IDs: names(filingIDs(ids)), Calculate: true}, err
}

func (t workFilings) QueryChanges(c *call, v mailbox.Viewer, q asking, since string) (delta, error) {
	now, err := t.Query(c, v, q)
	if err != nil {
		return delta{}, err
	}
	ch, err := t.Changes(c, v, since, 0)
	return delta{found: now, Touched: ch.all(), Immutable: true}, err
}
