package jmap

import (
	"context"
	"strconv"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/work"
)

// workURN is who handles what in a mailbox: docs/jmap-work.md.
const workURN = "urn:haven:work"

// workMethods are those of workURN.
var workMethods = map[string]method{
	"WorkItem/get":              {workURN, func(c *call) (any, error) { return c.get(workItems{}) }},
	"WorkItem/changes":          {workURN, func(c *call) (any, error) { return c.changes(workItems{}) }},
	"WorkItem/set":              {workURN, workItemSet},
	"WorkItem/query":            {workURN, workItemQuery},
	"WorkItem/queryChanges":     {workURN, func(c *call) (any, error) { return c.queryChanges(workItems{}) }},
	"WorkNote/get":              {workURN, func(c *call) (any, error) { return c.get(workNotes{}) }},
	"WorkNote/changes":          {workURN, func(c *call) (any, error) { return c.changes(workNotes{}) }},
	"WorkNote/set":              {workURN, func(c *call) (any, error) { return c.set(workNotes{}) }},
	"WorkNote/query":            {workURN, func(c *call) (any, error) { return c.query(workNotes{}) }},
	"WorkNote/queryChanges":     {workURN, func(c *call) (any, error) { return c.queryChanges(workNotes{}) }},
	"WorkDeadline/get":          {workURN, func(c *call) (any, error) { return c.get(workDeadlines{}) }},
	"WorkDeadline/changes":      {workURN, func(c *call) (any, error) { return c.changes(workDeadlines{}) }},
	"WorkDeadline/set":          {workURN, func(c *call) (any, error) { return c.set(workDeadlines{}) }},
	"WorkDeadline/query":        {workURN, func(c *call) (any, error) { return c.query(workDeadlines{}) }},
	"WorkDeadline/queryChanges": {workURN, func(c *call) (any, error) { return c.queryChanges(workDeadlines{}) }},
	"WorkFiling/get":            {workURN, func(c *call) (any, error) { return c.get(workFilings{}) }},
	"WorkFiling/changes":        {workURN, func(c *call) (any, error) { return c.changes(workFilings{}) }},
	"WorkFiling/set":            {workURN, workFilingSet},
	"WorkFiling/query":          {workURN, func(c *call) (any, error) { return c.query(workFilings{}) }},
	"WorkFiling/queryChanges":   {workURN, func(c *call) (any, error) { return c.queryChanges(workFilings{}) }},
	"WorkPresence/get":          {workURN, func(c *call) (any, error) { return c.get(workPresences{}) }},
	"WorkPresence/changes":      {workURN, func(c *call) (any, error) { return c.changes(workPresences{}) }},
	"WorkPresence/set":          {workURN, workPresenceSet},
	"WorkCheck/get":             {workURN, func(c *call) (any, error) { return c.get(workChecks{}) }},
	"WorkCheck/changes":         {workURN, func(c *call) (any, error) { return c.changes(workChecks{}) }},
	"WorkCheck/set":             {workURN, func(c *call) (any, error) { return c.set(workChecks{}) }},
	"WorkReport/get":            {workURN, workReportGet},
	"WorkPerson/get":            {workURN, func(c *call) (any, error) { return c.get(workPeople{}) }},
	"WorkSettings/get":          {workURN, func(c *call) (any, error) { return c.get(workSettings{}) }},
	"WorkSettings/set":          {workURN, func(c *call) (any, error) { return c.setAs(haven.Read|haven.Manage, workSettings{}) }},
}

// workCapability is what an account offers of it.
func (s *Server) workCapability(a Account) any {
	p := s.o.Work.Limits()
	return record{"mayHandle": a.Rights.Has(haven.Write), "mayChangeSettings": a.Rights.Has(haven.Manage), "maySeeReport": a.Rights.Has(haven.Manage) && !a.Personal, "maxNotesPerThread": p.Notes, "maxSizeNote": p.NoteOctets,
		"maxDeadlinesPerThread": p.Deadlines, "maxDeadlineSeconds": int64(p.DeadlineMost.Seconds()), "presenceSeconds": int64(p.PresenceFor.Seconds()),
		"keywordHandled": strings.ToLower(mailbox.KeywordHandled), "keywordDone": strings.ToLower(mailbox.KeywordDone),
		"maxFilingsPerEmail": p.Filings, "recordYears": p.RecordYears, "takeBackSeconds": int64(p.TakeBackWithin.Seconds()), "keywordFiled": strings.ToLower(mailbox.KeywordFiled)}
}

// work is the service behind it.
func (c *call) work() *work.Service { return c.srv.o.Work }

// WorkStates are the states of the types of work of an account, for what is pushed (RFC 8620 §7.1).
func WorkStates(ctx context.Context, s *work.Service, v mailbox.Viewer) (map[string]string, error) {
	st, err := s.States(ctx, v)
	if err != nil {
		return nil, err
	}
	here, err := s.Present(ctx, v)
	if err != nil {
		return nil, err
	}
	return map[string]string{"WorkItem": stateAt(st.Seqs[work.Items], st.Epoch), "WorkNote": stateAt(st.Seqs[work.Notes], st.Epoch),
		"WorkDeadline": stateAt(st.Seqs[work.Deadlines], st.Epoch), "WorkFiling": stateAt(st.Seqs[work.Filings], st.Epoch), "WorkCheck": stateAt(st.Seqs[work.Checked], st.Epoch),
		"WorkPresence": here.State}, nil
}

// workState is the state of a kind.
func (c *call) workState(v mailbox.Viewer, kind work.Kind) (string, error) {
	st, err := c.work().States(c.ctx, v)
	return stateAt(st.Seqs[kind], st.Epoch), err
}

// workChanges tells what changed of a kind.
func (c *call) workChanges(v mailbox.Viewer, kind work.Kind, since string, most int, id func(int64) string) (changed, error) {
	from, err := pointOf(since)
	if err != nil {
		return changed{}, err
	}
	d, err := c.work().Changes(c.ctx, v, kind, from, most)
	if err != nil {
		return changed{}, lostState(err)
	}
	return changed{NewState: stateText(d.Until), More: d.More, Created: idsOf(d.Created, id), Updated: idsOf(d.Updated, id), Destroyed: idsOf(d.Destroyed, id)}, nil
}

func idsOf[T any](of []T, id func(T) string) []string {
	ids := make([]string, len(of))
	for i, x := range of {
		ids[i] = id(x)
	}
	return ids
}

func itemID(n int64) string     { return threadID(haven.MessageID(n)) }
func noteID(n int64) string     { return "N" + strconv.FormatInt(n, 36) }
func deadlineID(n int64) string { return "D" + strconv.FormatInt(n, 36) }
func filingID(n int64) string   { return "R" + strconv.FormatInt(n, 36) }

// numberOf is the number behind the id of a note or a deadline; 0 for what can't be one.
func numberOf(id, letter string) haven.Seq { return haven.Seq(messageOf(id, letter)) }

func seqsOf(ids []string, letter string) (seqs []haven.Seq) {
	for _, id := range ids {
		if n := numberOf(id, letter); n != 0 {
			seqs = append(seqs, n)
		}
	}
	return seqs
}

// faces are people as they are shown: ids and names.
type faces map[haven.AccountNo]work.Person

func (c *call) faces(nos []haven.AccountNo) (faces, error) {
	of, err := c.work().Persons(c.ctx, nos)
	return faces(of), err
}

// put adds a person to a record, as id and name; null where there is none.
func (f faces) put(r record, name string, no haven.AccountNo) {
	r[name], r[name+"Name"] = nil, nil
	if p, ok := f[no]; ok && no != 0 {
		r[name], r[name+"Name"] = accountID(p.ID), p.Name
	}
}

// personOf is the number of a person whose id a client gave, of the own account or as a Principal; 0 where there is none.
func (c *call) personOf(id string) (haven.AccountNo, error) {
	of, ok := parsePrincipalID(id)
	if raw, own := strings.CutPrefix(id, "A"); own {
		of, ok = haven.ParseAccountID(raw)
	}
	if !ok {
		return 0, nil
	}
	return c.work().Number(c.ctx, of)
}

// workErrors are the set errors of this capability by the rule that refused.
var workErrors = map[string]string{
	string(work.RuleClaimed):        "claimedByOther",
	string(work.RuleDone):           "doneAlready",
	string(work.RuleNoAccess):       "noAccess",
	string(work.RuleNotYours):       "notYours",
	string(work.RuleFilingNotYours): "notYours",
	string(work.RuleOnlyDone):       "onlyDoneEnds",
	string(work.RuleNotes):          "tooManyNotes",
	string(work.RuleDeadlines):      "tooManyDeadlines",
	string(work.RulePresences):      "tooManyPresences",
	string(work.RuleFiled):          "filedAlready",
	string(work.RuleFilings):        "tooManyFilings",
	string(work.RuleTakeBack):       "tooLate",
	string(work.RuleChecked):        "checkedAlready",
}

// workError is the answer for one object to whatever went wrong with it, with properties that are at fault where it is invalid.
func workError(err error, properties ...string) *setError {
	e := asSetError(err)
	for rule, typ := range workErrors {
		if hasRule(err, rule) {
			e.Type = typ
		}
	}
	if e.Type == "invalidProperties" && e.Properties == nil {
		e.Properties = properties
	}
	return e
}

// threadCondition is the one condition by which notes and deadlines are found; others are taken from it by more.
func (c *call) threadCondition(q asking, more func(o *object)) (threads []haven.MessageID, err error) {
	if q.Filter == nil {
		return nil, nil
	}
	o := q.Filter.Condition
	if o == nil {
		return nil, fail("unsupportedFilter", "Give one condition, without operators.")
	}
	if id, ok := o.OptString("threadId"); ok {
		threads = []haven.MessageID{messageOf(id, "T")}
	}
	if more != nil {
		more(o)
	}
	return threads, conditionDone(o)
}
